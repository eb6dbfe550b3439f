"""Stage the pages: a copy of the notebooks with what a page needs, the ledger, the front page."""

import ast
import html
import json
import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from course_utils import ROOT, claims, notebooks
from course_utils.figures.output import SHOWN
from course_utils.notebooks import Lesson, counterpart, joined, load, notebook_paths
from course_utils.site.doors import doors, repository

Cell = dict[str, Any]

NAMES = {"torch": ("_torch", {"torch", "nn"}), "tf": ("_tf", {"tf", "keras"})}
NOTEBOOK_LINK = re.compile(r"""(href=['"][^'":]*)\.ipynb""")
CARD = re.compile(r"<div><b>([A-Z]\d\d)</b>")
CLAIM_ROW = re.compile(r"^\| ([A-Z]\d\d) \|", re.MULTILINE)
SOLUTION_LINK = re.compile(r"\[([^\]]*)\]\([^)]*solutions/[^)]*\)")
MARKER = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
GENERATED = r"<!-- {0}: .*?-->\n(.*?)<!-- end of {0} -->"
FIRST = (
    "These pages show what the lessons printed and drew. To change a number and run it again, take "
    "the course to your own machine:"
)


def stage(source: Path, solutions: bool, root: Path = ROOT) -> None:
    """Write what Sphinx reads into the folder `source`."""
    address = repository() if root == ROOT else ""
    pages = []
    for path in [*notebook_paths("notebooks", root), *notebook_paths("exercises", root)]:
        page = PurePosixPath(path.relative_to(root).as_posix())
        with_answers = solutions and page.parts[0] == "exercises"
        notebook = load(path)
        cells = _exercise(path) if with_answers else notebook["cells"]
        up = "../" * (len(page.parts) - 1)
        notebook["cells"] = [_cell(cell, up) for cell in cells]
        first = notebook["cells"][0]
        title, _, rest = first["source"].partition("\n")
        first["source"] = f"{title}\n\n{doors(page, address)}\n{rest}"
        (source / page).parent.mkdir(parents=True, exist_ok=True)
        (source / page).write_text(json.dumps(notebook), encoding="utf-8")
        pages.append(page)
    (source / "ledger.md").write_text(ledger(notebooks.lessons(root)), encoding="utf-8")
    (source / "index.md").write_text(_front(pages, root), encoding="utf-8")


def side(code: str) -> str | None:
    """Say whose cell it is by the names in it: 'torch', 'tf', or None for both or neither.

    A function that one side's cell defines may call the other side's, for its weights.
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a cell with one of IPython's commands
        return None
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    for whose, (ending, _) in NAMES.items():
        if len(defined) == len(tree.body) > 0 and all(one.endswith(ending) for one in defined):
            return whose
    nodes = list(ast.walk(tree))
    fields = (getattr(node, key, None) for node in nodes for key in ("id", "name", "arg", "attr"))
    names = {name for name in fields if isinstance(name, str)}
    sides = [
        whose
        for whose, (ending, own) in NAMES.items()
        if names & own or any(name.endswith(ending) for name in names)
    ]
    return sides[0] if len(sides) == 1 else None


def _cell(cell: Cell, up: str) -> Cell:
    """Return a cell as its page shows it; `up` leads from the page to the site's first folder."""
    code = joined(cell["source"])
    tags = list(cell["metadata"].get("tags", []))
    metadata = {**cell["metadata"], "tags": tags}
    if cell["cell_type"] == "markdown":
        code = SOLUTION_LINK.sub(r"\1", code)
        code = CLAIM_ROW.sub(rf"| <a href='{up}ledger.html#\1'>\1</a> |", code)
        return {**cell, "source": code, "metadata": metadata}
    if whose := side(code):
        tags.append(whose)
    if metadata.get("nbgrader", {}).get("grade"):
        tags.append("hide-input")
        metadata["mystnb"] = {"code_prompt_show": "The check", "code_prompt_hide": "The check"}
    outputs = [_output(output, up) for output in cell.get("outputs", [])]
    return {**cell, "source": code, "metadata": metadata, "outputs": outputs}


def _output(output: Cell, up: str) -> Cell:
    """Return an output whose links lead to pages, and whose verdict cards to the ledger."""
    shown = output.get("data", {}).items()
    data = {kind: joined(value) for kind, value in shown if kind != SHOWN}
    if "text/html" in data:
        link = rf"<div><b><a href='{up}ledger.html#\1'>\1</a></b>"
        data["text/html"] = CARD.sub(link, NOTEBOOK_LINK.sub(r"\1.html", data["text/html"]))
    if "text/markdown" in data:
        data["text/markdown"] = data["text/markdown"].replace(".ipynb)", ".html)")
    return {**output, "data": data} if data else output


def _exercise(path: Path) -> list[Cell]:
    """Return an exercise's cells, with a solution and its reasons folded below each task."""
    stubs = {cell.get("id"): cell for cell in load(path)["cells"]}
    cells = []
    for cell in load(counterpart(path, "solutions"))["cells"]:
        if "solution-only" in cell["metadata"].get("tags", []):
            why = f"<details><summary>Why</summary>\n\n{joined(cell['source'])}\n\n</details>"
            cells.append({**cell, "source": why})
            continue
        cells.append(stubs[cell["id"]])
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            prompts = {"code_prompt_show": "A solution", "code_prompt_hide": "A solution"}
            folded = {"tags": ["hide-input"], "mystnb": prompts}
            code = MARKER.sub("", joined(cell["source"]))
            own = {"id": f"{cell['id']}-solution", "source": code, "outputs": []}
            cells.append({**cell, **own, "metadata": folded})
    return cells


def ledger(found: list[Lesson]) -> str:
    """Write the ledger's page: every claim with its place to link to, and what filters them."""
    rows = NOTEBOOK_LINK.sub(r"\1.html", claims.page(ROOT))
    claim = r"<details class='claim'(.*?>)(<summary><span[^>]*>)([A-Z]\d\d)"
    rows = re.sub(claim, lambda m: f"<details class='claim' id='{m[3]}'{m[1]}{m[2]}{m[3]}", rows)
    entries = claims.ledger().values()
    verdicts = {key: label for key, (label, _) in claims.VERDICTS.items()}
    judging = {entry["lesson"] for entry in entries}
    lessons = {lesson.name: lesson.title for lesson in found if lesson.name in judging}
    sections = list(dict.fromkeys(re.findall(r"<summary><b>(.*?)</b>", rows)))
    choices = {
        "verdict": verdicts,
        "section": {html.unescape(title): html.unescape(title) for title in sections},
        "lesson": lessons,
    }
    selects = "".join(_select(name, options) for name, options in choices.items())
    form = f"<form class='filter' hidden>{selects}<output></output></form>"
    return (
        f"# The ledger\n\nEvery claim of the article that the course judges, {len(entries)} in "
        "all, and what became of it. A row opens.\n\n"
        f"```{{raw}} html\n{form}\n{rows}\n```\n"
    )


def _select(name: str, options: dict[str, str]) -> str:
    listed = "".join(
        f"<option value='{html.escape(key)}'>{html.escape(label)}</option>"
        for key, label in options.items()
    )
    everything = "<option value=''>all</option>"
    return f"<label>{name} <select name='{name}'>{everything}{listed}</select></label>"


def _front(pages: list[PurePosixPath], root: Path) -> str:
    """Write the front page from the README's tables, with every page in the tree beside it."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    tables = {
        name: re.search(GENERATED.format(name), readme, re.DOTALL)[1]
        for name in ("lessons", "results")
    }
    results = re.sub(r"\b([A-Z]\d\d)\b", r"<a href='ledger.html#\1'>\1</a>", tables["results"])
    listed = tomllib.loads((root / "notebooks/lessons.toml").read_text(encoding="utf-8"))
    folders = [part["folder"] for part in listed["parts"] if part["folder"] != "."]
    first = [page for page in pages if page.parent == PurePosixPath("notebooks")]
    trees = [_tree("Course", [*first, "ledger"])]
    for folder in folders:
        own = [page for page in pages if page.parent == PurePosixPath("notebooks", folder)]
        trees.append(_tree(folder[2:].capitalize(), own))
    trees.append(_tree("Exercises", [page for page in pages if page.parts[0] == "exercises"]))
    return "\n".join(
        [
            "# PyTorch and TensorFlow, side by side\n",
            f"A course that puts the claims of one comparison ({claims.article()}) to the test, in "
            f"both frameworks.\n\n{FIRST}\n",
            f"```\ngit clone {repository() or '<this repository>'} course",
            "cd course\nmake lab\n```\n",
            f"## Lessons\n\n{tables['lessons']}\n## Results\n\n{results}\n",
            *trees,
        ]
    )


def _tree(caption: str, pages: list[PurePosixPath | str]) -> str:
    names = "\n".join(str(page).removesuffix(".ipynb") for page in pages)
    return f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{names}\n```\n"
