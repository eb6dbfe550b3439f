"""Helpers of the course: each module does one job, and none hides what a lesson teaches."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository's root: the package is installed in place (editable), never copied."""

SET_UP = "py -3.12 set_up.py" if os.name == "nt" else "make lab"
"""What makes the environment whole, on this system."""


class CourseError(Exception):
    """Something the user can mend; its message is one line that says how."""
