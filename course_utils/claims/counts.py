"""The published counts, adoption.csv: who uses which framework, each number with its source."""

from pathlib import Path
from typing import TYPE_CHECKING

from course_utils import CourseError

if TYPE_CHECKING:
    import pandas as pd

COUNTS = Path(__file__).parent.with_name("adoption.csv")
COLUMNS = ["year", "counted", "among", "framework", "value", "unit", "source", "read"]


def adoption() -> "pd.DataFrame":
    """Return the published counts, newest first: a row for each count, year and framework.

    Columns: year, counted (what), among (whom), framework, value, unit, source (who published it,
    where), read (the day on which it was read). Raises CourseError where the file is malformed.
    """
    import pandas as pd

    counts = pd.read_csv(COUNTS)
    if list(counts.columns) != COLUMNS or counts.isna().any(axis=None):
        raise CourseError(f"{COUNTS.name} needs the columns {', '.join(COLUMNS)}, none of it empty")
    return counts
