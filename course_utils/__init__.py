"""Helpers of the course: each module does one job, and none hides what a lesson teaches."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository's root: the package is installed in place (editable), never copied."""


class CourseError(Exception):
    """Something the user can mend; its message is one line that says how."""
