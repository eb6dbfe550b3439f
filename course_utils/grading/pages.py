"""A page for each student: the outcomes, and the cells as they were run, all of it as text.

What a student wrote or printed is escaped, so that no markup of theirs gets into a page; of its
pictures only PNG is shown, and the page's own policy lets a browser ask nobody for anything.
"""

import html
import re
from pathlib import Path
from typing import Any

from course_utils.files import write_text
from course_utils.grading.records import GRADED, HIDDEN, Record, file_name

MOST_CHARACTERS = 20_000

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }}
th, td {{ border-bottom: 1px solid #888; padding: 4px 10px; text-align: left; }}
pre {{ overflow-x: auto; white-space: pre-wrap; padding: 8px; margin: 4px 0; }}
.text {{ border-left: 4px solid #bbb; }}
.code {{ background: #eef; color: #000; }}
.output {{ margin-left: 2em; }}
img {{ max-width: 100%; background: #fff; }}
</style>
<h1>{title}</h1>
"""
PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def write(folder: Path, part: str, records: list[Record]) -> Path:
    """Write the page of one student, from the records of the part's notebooks; return its path."""
    student = records[0].student
    parts = [HEAD.format(title=html.escape(f"{part}, {student}")), _table(records)]
    for record in records:
        parts.append(f"<h2>{html.escape(record.notebook)}</h2>")
        for cell in record.cells:
            kind = "text" if cell["kind"] == "text" else "code"
            parts.append(_block(cell["source"], kind))
            parts += map(_output, cell["outputs"])
    path = folder / f"{file_name(student)}.html"
    page = "\n".join([*parts, "</html>", ""])
    write_text(path, page.encode("utf-8", "replace").decode())
    return path


def _block(text: str, kind: str) -> str:
    shown = CODES.sub("", text)
    if left_out := len(shown[MOST_CHARACTERS:]):
        shown = f"{shown[:MOST_CHARACTERS]}\n… and {left_out} characters more"
    return f'<pre class="{kind}">{html.escape(shown)}</pre>'


def _output(output: dict[str, Any]) -> str:
    """Return an output as text, and its pictures, also those that a piece of HTML holds."""
    match output["output_type"]:
        case "stream":
            return _block(output["text"], "output")
        case "error":
            told = (
                "\n".join(map(str, output["traceback"])) or f"{output['ename']}: {output['evalue']}"
            )
            return _block(told, "output")
    data = output["data"]
    pictures = PNG.findall(f"data:image/png;base64,{data.get('image/png', '')}")
    pictures += PNG.findall(str(data.get("text/html", "")))
    shown = [f'<img class="output" alt="" src="data:image/png;base64,{p}">' for p in pictures]
    return "\n".join([_block(str(data.get("text/plain", "")), "output"), *shown])


def _table(records: list[Record]) -> str:
    """Return the outcomes as a table, and what is to be said of the notebooks."""
    rows = []
    for record in records:
        for task, (word, message) in record.tasks.items():
            points = f"{GRADED[word]:g}" if word in GRADED else "not graded"
            # What a further check says stays with those who teach.
            said = "" if word == HIDDEN else message
            cells = "".join(f"<td>{html.escape(text)}</td>" for text in (task, word, points, said))
            rows.append(f"<tr>{cells}</tr>")
    head = "<tr><th>task</th><th>outcome</th><th>points</th><th>message</th></tr>"
    notes = "".join(f"<li>{html.escape(note)}</li>" for r in records for note in r.notes)
    return f"<table>{head}{''.join(rows)}</table><ul>{notes}</ul>"
