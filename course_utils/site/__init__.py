"""The course as a website, made from what the notebooks have stored: nothing is executed."""

from course_utils.site.building import build

__all__ = ["build"]
