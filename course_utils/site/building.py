"""Stage the pages, let Sphinx make the site, and put it where it is wanted in one step."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from course_utils import ROOT, CourseError
from course_utils.notebooks import notebook_paths
from course_utils.site.staging import stage

MOST_LINES = 20
OURS = "objects.inv"

"""A file that Sphinx leaves in every site: a folder with it may be replaced."""


def build(to: Path = ROOT / "build/site", solutions: bool = True, root: Path = ROOT) -> str:
    """Make the website in the folder `to`, and return a line that says where it begins.

    `solutions` puts a solution behind a fold below each task. Raises CourseError where Sphinx is
    missing or warns of anything, or where `to` holds something else than such a site.
    """
    if importlib.util.find_spec("myst_nb") is None:
        raise CourseError("the website needs Sphinx, which is not installed: run `make site`")
    if to.exists() and not (to / OURS).exists() and (not to.is_dir() or any(to.iterdir())):
        raise CourseError(f"{to} holds something else than the website: name another folder")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=".site-", dir=to.parent)
    except OSError as error:
        raise CourseError(f"{to} cannot be written: {error.strerror}") from error
    with scratch as folder:
        source, made = Path(folder, "source"), Path(folder, "made")
        stage(source, solutions, root)
        _run_sphinx(source, made)
        for path in [*notebook_paths("notebooks", root), *notebook_paths("exercises", root)]:
            copy = made / "download" / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        (made / ".nojekyll").touch()
        if to.exists():
            to.rename(Path(folder, "old"))
        made.rename(to)
    return f"The website begins at {to / 'index.html'}"


def _run_sphinx(source: Path, made: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going", "-j", "2"]
    command += ["-c", str(Path(__file__).parent), "-d", str(source.with_name("doctrees"))]
    done = subprocess.run(
        [*command, str(source), str(made)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.replace(f"{source}/", "").strip().splitlines()
        raise CourseError("\n".join(["the website was not made:", *said[:MOST_LINES]]))
