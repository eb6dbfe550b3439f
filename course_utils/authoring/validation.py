"""Run the course's checks: what a notebook's file shows by itself, and pytest for the rest."""

import ast
import html
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_utils import ROOT, CourseError, claims, minutes, notebooks
from course_utils.authoring import exercises, headers, record
from course_utils.authoring.links import loose_numbers
from course_utils.figures import SHOWN
from course_utils.files import inside
from course_utils.notebooks import joined, statements, tree_of

MOST_KILOBYTES, MOST_STATEMENTS, MOST_MEDIAN_STATEMENTS = 400, 15, 5
MOST_VARYING = 0.05
IGNORED = {"nbval-ignore-output", "nbval-skip"}
MACHINE_PATH = re.compile(r"(?<![\w.])(/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\Users)")
# Python prints it in another order in every process.
PRINTED_SET = re.compile(r"\{('[^']*'|\"[^\"]*\")(, ('[^']*'|\"[^\"]*\"))+\}")
NO_MEANING = {"here", "click here", "link", "this", "read more", "more"}

Cell = dict[str, Any]


def validate(paths: list[Path], again: bool = False, root: Path = ROOT) -> int:
    """Run every check that concerns these notebooks in parallel; return pytest's exit status.

    A folder stands for the notebooks below it, nothing for all of them. An exercise is checked by
    its solution and its answers. What passed before, and depends on nothing that has changed since,
    is not run, unless `again`, and never where the variable CI is set. Raises CourseError for a
    path that names no notebook.
    """
    chosen = [path for name in paths or [root] for path in _notebooks_at(name, root)]
    digests = {
        path.relative_to(root).as_posix(): record.digest(path, root) for path in sorted(chosen)
    }
    known = {} if again or os.environ.get("CI") else record.passed(root)
    names = [name for name in digests if known.get(name) != digests[name]]
    if len(names) < len(digests):
        unchanged = f"{len(digests) - len(names)} of {len(digests)} notebooks"
        print(f"{unchanged} have passed before and nothing has changed: `--again` runs them.")
    if not names:
        return 0
    for name in names:
        notebooks.read(root / name)
    run = [name for name in names if not name.startswith("exercises/")]
    command = [sys.executable, "-m", "pytest", "tests/test_notebooks.py", *run]
    command += [f"--notebook={name}" for name in names]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command.append(f"--junitxml={report}")
        status = subprocess.run(command, cwd=root, check=False).returncode
        if report.exists():
            record.remember({name: digests[name] for name in names}, report, root)
    return status


def problems(path: Path, root: Path = ROOT) -> list[str]:
    """List what a notebook's file shows to be wrong with it, a line each, without running it."""
    notebook = notebooks.load(path)
    kind = path.relative_to(root).parts[0]
    cells = [cell | {"source": joined(cell["source"])} for cell in notebook["cells"]]
    found = [*_file(path, cells), *_prose(path, cells), *_code(cells)]
    if kind == "exercises":
        found += _exercise(cells)
    else:
        found += [*_outputs(cells), *_both_frameworks(cells)]
    if kind == "notebooks":
        found += _lesson(path, cells)
    return found


def ignored_cells(path: Path) -> tuple[int, int]:
    """Count a notebook's code cells whose output is not compared, and all of its code cells."""
    code = [cell for cell in notebooks.load(path)["cells"] if cell["cell_type"] == "code"]
    return sum(bool(IGNORED & set(_tags(cell))) for cell in code), len(code)


def verdicts(path: Path) -> list[str]:
    """List the claims that a notebook's code passes judgement on, in order."""
    found = []
    for cell in notebooks.load(path)["cells"]:
        if cell["cell_type"] == "code" and (tree := tree_of(joined(cell["source"]))):
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            found += [
                call.args[0].value
                for call in calls
                if ast.unparse(call.func).split(".")[-1] == "verdict"
                and call.args
                and isinstance(call.args[0], ast.Constant)
            ]
    return found


def _notebooks_at(name: Path, root: Path) -> list[Path]:
    path = root / inside(name, root)
    if path == root:
        below = (notebooks.notebook_paths(folder, root) for folder in notebooks.FOLDERS)
        return [notebook for found in below for notebook in found]
    if path.is_dir():
        found = notebooks.notebook_paths(path.relative_to(root).as_posix(), root)
    else:
        found = [path] if path.suffix == ".ipynb" else []
    if not found:
        raise CourseError(f"{name} names no notebook: give a notebook or a folder of them")
    return found


def _file(path: Path, cells: list[Cell]) -> Iterator[str]:
    size = path.stat().st_size // 1024
    if size > MOST_KILOBYTES:
        yield f"the file has {size} kB, at most {MOST_KILOBYTES} are wanted"
    if match := MACHINE_PATH.search(path.read_text(encoding="utf-8")):
        yield f"it holds a path of some machine: {match[0]}"
    ids = [cell.get("id") for cell in cells]
    if None in ids or len(set(ids)) < len(ids):
        yield "every cell needs an id of its own"


def _prose(path: Path, cells: list[Cell]) -> Iterator[str]:
    level, tops = 0, 0
    for n, cell in enumerate(cells):
        if cell["cell_type"] != "markdown":
            continue
        text = re.sub(r"```.*?```|`[^`\n]*`", "", cell["source"], flags=re.DOTALL)
        for match in re.finditer(r"^(#{1,6})\s+(.*)$", text, re.MULTILINE):
            depth = len(match[1])
            tops += depth == 1
            if depth > level + 1:
                yield f"cell {n}: heading {match[2]!r} has level {depth} after level {level}"
            level = depth
        for match in re.finditer(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", text):
            picture, label, target = match.groups()
            if picture and not label.strip():
                yield f"cell {n}: a picture without alt text: {target}"
            if not picture and label.strip().lower() in NO_MEANING:
                yield f"cell {n}: a link's text says nothing: {label!r}"
            if not re.match(r"[a-z]+:|#", target):
                yield from _link(path, n, target)
        yield from _pictures(n, text)
        for mention in loose_numbers(text):
            yield f"cell {n}: {mention!r} will go stale: make it a link, [lesson 04](04_name.ipynb)"
    if tops != 1:
        yield f"{tops} headings of the first level, one is wanted"


def _link(path: Path, n: int, target: str) -> Iterator[str]:
    name, _, anchor = target.partition("#")
    goal = path.parent / name
    if not goal.exists():
        yield f"cell {n}: broken link: {target}"
    elif not anchor and goal.samefile(path):
        yield f"cell {n}: a link to the notebook itself: {target}"
    elif anchor and goal.suffix == ".md":
        headings = re.findall(r"^#+ (.*)$", goal.read_text(encoding="utf-8"), re.MULTILINE)
        if anchor not in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}:
            yield f"cell {n}: broken link: {target} (no such heading)"


def _pictures(n: int, text: str) -> Iterator[str]:
    for match in re.finditer(r"<img\b[^>]*>", text):
        if not re.search(r'\balt="[^"]', match[0]):
            yield f"cell {n}: a picture without alt text"
    for match in re.finditer(r"<iframe\b[^>]*>", text):
        if not re.search(r'\btitle="[^"]', match[0]):
            yield f"cell {n}: a frame without a title"


def _code(cells: list[Cell]) -> Iterator[str]:
    for n, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        for mention in loose_numbers(cell["source"]):
            yield f"cell {n}: {mention!r} will go stale: call the lesson by its title"
        if tree_of(cell["source"]) is None:
            yield f"cell {n}: it is not Python"
        if IGNORED & set(_tags(cell)) and not cell["metadata"].get("course", {}).get("reason"):
            yield f"cell {n}: its output is ignored without a reason in its metadata"


def _outputs(cells: list[Cell]) -> Iterator[str]:
    code = [cell for cell in cells if cell["cell_type"] == "code" and cell["source"]]
    wanted = [None if notebooks.YOURS in _tags(cell) else n for n, cell in enumerate(code, 1)]
    if [cell["execution_count"] for cell in code] != wanted:
        yield "its code cells were not all executed once, in order: run `course execute`"
    for n, cell in enumerate(cells):
        if cell.get("outputs") and notebooks.OWN.search(cell["source"]):
            yield f"cell {n}: it stores what it told about the machine or record of its author"
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if output["output_type"] == "error" and "raises-exception" not in _tags(cell):
                yield f"cell {n}: a stored error: {output['ename']}"
            if output.get("name") == "stderr":
                yield f"cell {n}: a stored message on stderr"
            if found := PRINTED_SET.search(notebooks.printed(output)):
                yield f"cell {n}: the order of {found[0]} changes from run to run: print it sorted"
            page = joined(data.get("text/html", ""))
            if "`" in re.sub(r"<img [^>]*>", "", page):
                yield f"cell {n}: a page that shows a backtick: `words.as_html` makes code of it"
            if any(key.startswith("image/") for key in data) and not page:
                yield f"cell {n}: a picture that JupyterLab shows without alt text"
            yield from _pictures(n, page)
            if "<img " in page and SHOWN not in data:
                yield f"cell {n}: a picture without a fingerprint: run `course execute`"
        yield from _varying(n, cell)


def _varying(n: int, cell: Cell) -> Iterator[str]:
    """Check a cell whose picture shows times or the like: why, and words that hold in every run."""
    own = cell["metadata"].get("course", {})
    if not own.get("varies") and own.keys() & {"varies", "by"}:
        yield f"cell {n}: what of its picture varies is not said in its metadata"
    if "by" in own:
        if not 0 < own["by"] <= MOST_VARYING:
            yield f"cell {n}: its picture varies by {own['by']} of its axes, {MOST_VARYING} at most"
        return
    if "varies" not in own:
        return
    pages = [joined(output.get("data", {}).get("text/html", "")) for output in cell["outputs"]]
    for text in re.findall(r'<img alt="([^"]*)"', "".join(pages)):
        if numbers := re.findall(r"\b\d[\d.,]*", html.unescape(text)):
            yield f"cell {n}: its picture varies from run to run, and its text says {numbers}"


def _both_frameworks(cells: list[Cell]) -> Iterator[str]:
    """Each section that trains in one framework uses the other too, or says so in its heading."""
    sections: dict[str, str] = {"": ""}
    for cell in cells:
        if cell["cell_type"] == "markdown" and (
            match := re.search(r"^## (.*)$", cell["source"], re.MULTILINE)
        ):
            sections[match[1]] = ""
        elif cell["cell_type"] == "code":
            code = re.sub(r"^(import|from) .*$", "", cell["source"], flags=re.MULTILINE)
            sections[list(sections)[-1]] += code + "\n"
    sections.pop(minutes.PREDICTION, None)
    for heading, code in sections.items():
        uses_torch = re.search(r"\btorch\.|\bnn\.|_torch\b|\bSummaryWriter\b", code)
        uses_tf = re.search(r"\btf\.|\bkeras\.|_tf\b", code)
        if bool(uses_torch) != bool(uses_tf) and not re.search("PyTorch|TensorFlow", heading):
            missing = "TensorFlow" if uses_torch else "PyTorch"
            yield f"section {heading!r} does without {missing}: say so in its heading"


def _exercise(cells: list[Cell]) -> Iterator[str]:
    text = "\n".join(cell["source"] for cell in cells)
    if re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", text):
        yield "a solution is left in the exercise"
    if any(cell.get("outputs") for cell in cells):
        yield "an output is left in the exercise"
    answers = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("solution")]
    for cell in answers:
        if exercises.STUB not in cell["source"]:
            yield f"a solution is left in the exercise: {cell['metadata']['nbgrader']['grade_id']}"
    if not 3 <= len(answers) <= 5:
        yield f"{len(answers)} tasks, three to five are wanted"
    for framework in ("PyTorch", "TensorFlow"):
        if framework not in text:
            yield f"no task is about {framework}"


def _lesson(path: Path, cells: list[Cell]) -> Iterator[str]:
    lesson = notebooks.front_matter(path)
    headers.check_claims(lesson)
    prose = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    wanted = ["## What you will find out", "## What we found"]
    if lesson.claims:
        wanted += ["## Predict first", "## Where the twins differ"]
    for heading in wanted:
        if heading not in prose:
            yield f"no section {heading.removeprefix('## ')!r}"
    judged = verdicts(path)
    if sorted(judged) != sorted(lesson.claims):
        yield f"it judges the claims {judged}, its front matter lists {lesson.claims}"
    for name in judged:
        claims.claim(name)
    for n, cell in enumerate(cells):
        tree = tree_of(cell["source"]) if cell["cell_type"] == "code" else None
        yield from (f"cell {n}: {fault}" for fault in (claims.objections(tree) if tree else ()))
    sizes = sorted(statements(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    if sizes[-1] > MOST_STATEMENTS:
        yield f"a code cell of {sizes[-1]} statements, at most {MOST_STATEMENTS} are wanted"
    if sizes[len(sizes) // 2] > MOST_MEDIAN_STATEMENTS:
        yield f"half of its code cells have over {MOST_MEDIAN_STATEMENTS} statements"


def _tags(cell: Cell) -> list[str]:
    return cell["metadata"].get("tags", [])
