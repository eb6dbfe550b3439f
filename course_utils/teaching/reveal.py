"""The scripts that show slides, from one npm package, so that slides need no network."""

import hashlib
import shutil
import tempfile
import tomllib
from pathlib import Path

from course_utils import CourseError
from course_utils.dashboards import web_files

LIST = Path(__file__).with_name("reveal.toml")
WHAT, MEND = "the slides' scripts", "course slides"


def put(folder: Path) -> None:
    """Put reveal.js into a folder unless it is there; raises CourseError with the cause."""
    made_from = hashlib.sha256(LIST.read_bytes()).hexdigest()
    mark = folder / "made_from"
    if mark.exists() and mark.read_text(encoding="utf-8") == made_from:
        return
    packages = tomllib.loads(LIST.read_text(encoding="utf-8"))["package"]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            fetched, new = Path(temporary, "fetched"), Path(temporary, "new")
            fetched.mkdir()
            new.mkdir()
            web_files.fetch(packages, fetched, WHAT, MEND)
            for package in packages:
                web_files.unpack(package, fetched, new)
            (new / "made_from").write_text(made_from, encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
    except OSError as error:
        raise CourseError(f"{folder} cannot be written: {error.strerror}") from error
