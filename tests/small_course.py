"""A course of a few small lessons in a folder of its own, for tests of what works on courses."""

import nbformat

SOLUTION = """def double_torch(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION"""
README = (
    "<!-- lessons: made -->\nold\n<!-- end of lessons -->\n"
    "<!-- results: made -->\nold\n<!-- end of results -->\n"
)


def graded(task, source, grade, **changes):
    cell = nbformat.v4.new_code_cell(source, id=f"{task}-{grade}".lower())
    entry = {
        "grade": grade,
        "grade_id": task if grade else f"{task}-answer",
        "locked": grade,
        "schema_version": 3,
        "solution": not grade,
        "task": False,
    }
    cell.metadata.nbgrader = entry | ({"points": 1} if grade else {}) | changes
    return cell


def task_cells(task):
    check = f'with tasks.check("{task}"):\n    tasks.close(double_torch(2), 4, "double_torch(2)")'
    return [graded(task, SOLUTION, False), graded(task, check, True)]


def solution_notebook(name="title"):
    why = nbformat.v4.new_markdown_cell(
        "Because of arithmetic.", metadata={"tags": ["solution-only"]}
    )
    cells = [
        nbformat.v4.new_markdown_cell(
            "# Exercise 02 · A title\n\nPyTorch and TensorFlow", id="header"
        ),
        nbformat.v4.new_code_cell("from course_utils import tasks"),
        *[cell for n in (1, 2, 3) for cell in task_cells(f"{name}-{n}")],
        why,
        nbformat.v4.new_markdown_cell("", id="next"),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def lesson_notebook(**changes):
    front_matter = {
        "title": "A title",
        "promise": "A promise.",
        "objectives": ["One?", "Two?", "Three?"],
        "claims": [],
        "prerequisites": [],
    }
    notebook = nbformat.v4.new_notebook(metadata={"course": front_matter | changes})
    notebook.cells = [
        nbformat.v4.new_markdown_cell("#", id="header"),
        nbformat.v4.new_code_cell('print("ran")\nprint("twice")'),
        nbformat.v4.new_code_cell("import os\n\nos.getcwd()", metadata={"scrolled": True}),
        nbformat.v4.new_markdown_cell("", id="next"),
    ]
    return notebook


def make_course(root, parts, first=0):
    """Write lessons and solutions, numbered from `first`, the list of them, and the documents."""
    number, listed = first, []
    for part, names in parts.items():
        listed += ["[[parts]]", f'folder = "{part}"', f"lessons = {names}", ""]
        for name in names:
            for folder, notebook in (
                ("notebooks", lesson_notebook()),
                ("solutions", solution_notebook(name)),
            ):
                path = root / folder / part / f"{number:02d}_{name}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                nbformat.write(notebook, path)
            number += 1
    (root / "notebooks" / "lessons.toml").write_text("\n".join(listed))
    (root / "README.md").write_text(README)
    (root / "CONTRIBUTING.md").write_text("Nothing yet.\n")
    return root
