"""Notebooks as source: exercises, headers, execution, validation."""

from course_utils.authoring.comparison import differences
from course_utils.authoring.execution import client, execute, execute_all
from course_utils.authoring.exercises import make_exercise, state_of_exercise, write_exercises
from course_utils.authoring.headers import write_headers
from course_utils.authoring.mutants import is_equivalent, sampled, summary, trials, write_table
from course_utils.authoring.numbering import renumber
from course_utils.authoring.validation import ignored_cells, problems, validate, verdicts

__all__ = [
    "client",
    "differences",
    "execute",
    "execute_all",
    "ignored_cells",
    "is_equivalent",
    "make_exercise",
    "problems",
    "renumber",
    "sampled",
    "state_of_exercise",
    "summary",
    "trials",
    "validate",
    "verdicts",
    "write_exercises",
    "write_headers",
    "write_table",
]
