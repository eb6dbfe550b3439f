"""A page for each student: the outcomes, and the cells as they were run, with scripts taken out."""

import html
from pathlib import Path
from typing import Any

from course_utils.files import write_text
from course_utils.grading.records import GRADED, HIDDEN, Record, file_name


def write(folder: Path, part: str, records: list[Record]) -> Path:
    """Write the page of one student, from the records of the part's notebooks; return its path."""
    import nbformat
    from nbconvert import HTMLExporter

    student = records[0].student
    notebook = nbformat.v4.new_notebook(metadata={"title": f"{part}, {student}"})
    notebook.cells = [nbformat.v4.new_markdown_cell(_table(student, part, records))]
    for record in records:
        notebook.cells.append(nbformat.v4.new_markdown_cell(f"# {record.notebook}"))
        notebook.cells += [_cell(cell) for cell in record.cells]
    # A page asks nobody else for scripts.
    nowhere = dict.fromkeys(("mathjax_url", "mermaid_js_url", "require_js_url"), "")
    exporter = HTMLExporter(sanitize_html=True, **nowhere)
    page, _ = exporter.from_notebook_node(notebook)
    path = folder / f"{file_name(student)}.html"
    write_text(path, page.encode("utf-8", "replace").decode())
    return path


def _cell(cell: dict[str, Any]) -> Any:
    import nbformat

    if cell["kind"] == "text":
        return nbformat.v4.new_markdown_cell(cell["source"])
    made = nbformat.v4.new_code_cell(cell["source"])
    made.outputs = [nbformat.from_dict(output) for output in cell["outputs"]]
    return made


def _table(student: str, part: str, records: list[Record]) -> str:
    """Return the outcomes as a table of HTML; all that comes from a student is escaped."""
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
    title = f"<h1>{html.escape(part)}, {html.escape(student)}</h1>"
    return f"{title}<table>{head}{''.join(rows)}</table><ul>{notes}</ul>"
