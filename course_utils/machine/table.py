"""The doctor's table: a row for each thing looked at, as text and as JSON."""

import json
import shutil
from typing import NamedTuple


class Row(NamedTuple):
    """One thing looked at: status is ok, fail or note; a failing row says what mends it."""

    name: str
    status: str
    detail: str
    mend: str = ""


def ready(rows: list[Row]) -> bool:
    """Say whether a learner can start."""
    return all(row.status != "fail" for row in rows)


def as_text(rows: list[Row]) -> str:
    """Return the table for a terminal or a notebook, with one line below it that sums it up."""
    from rich.console import Console
    from rich.table import Table

    failing = not ready(rows)
    table = Table("looked at", "", "found", *["what mends it"] * failing)
    for row in rows:
        mark = {"ok": "ok", "fail": "FAILS", "note": "note"}[row.status]
        table.add_row(row.name, mark, row.detail, *[row.mend] * failing)
    console = Console(
        width=min(shutil.get_terminal_size((100, 24)).columns, 110), color_system=None
    )
    with console.capture() as capture:
        console.print(table)
    last = "This machine is not ready yet." if failing else "This machine is ready."
    return capture.get() + last


def as_json(rows: list[Row]) -> str:
    """Return the rows, and whether a learner can start, as JSON."""
    content = {"ready": ready(rows), "rows": [row._asdict() for row in rows]}
    return json.dumps(content, indent=1)
