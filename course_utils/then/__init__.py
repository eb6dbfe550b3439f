"""The claims under the releases of October 2021: asked there and now, recorded, read back.

then/ holds a script for each claim whose truth can change with a release, the reasons why others
are not asked, and what was recorded.
"""

from course_utils.then.asking import SCRIPTS, YEARS, ask, asked, available, not_asked
from course_utils.then.making import make
from course_utils.then.pages import PAGES, at_pages
from course_utils.then.recording import RESULTS, earned, read, record

__all__ = [
    "PAGES",
    "RESULTS",
    "SCRIPTS",
    "YEARS",
    "ask",
    "asked",
    "at_pages",
    "available",
    "earned",
    "make",
    "not_asked",
    "read",
    "record",
]
