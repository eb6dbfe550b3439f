"""The scripts that show slides, from one npm package, so that slides need no network."""

from pathlib import Path

from course_utils import CourseError
from course_utils.dashboards import web_files

LIST = Path(__file__).with_name("reveal.toml")
WHAT, MEND = "the slides' scripts", "course slides"


def put(folder: Path) -> None:
    """Put reveal.js into a folder unless it is there; raises CourseError with the cause."""
    if web_files.current(folder, LIST):
        return
    try:
        web_files.put(folder, LIST, WHAT, MEND)
    except OSError as error:
        raise CourseError(f"{folder} cannot be written: {error.strerror}") from error
