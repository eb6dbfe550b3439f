"""The first screen that a newcomer sees: what to do now, and nobody else's results."""

from course_utils import ROOT, notebooks

START = notebooks.load(ROOT / "notebooks" / "00_start_here.ipynb")["cells"]
MOST_LINES = 12


def text(cell):
    return "".join(cell["source"])


def test_the_first_screen_says_what_to_do_now():
    cells = START[: next(n for n, cell in enumerate(START) if cell["cell_type"] == "code")]
    screen = "\n".join(map(text, cells))
    assert len([line for line in screen.splitlines() if line.strip()]) <= MOST_LINES
    first = notebooks.lessons()[1].path.relative_to(ROOT / "notebooks").as_posix()
    assert screen.index("Shift + Enter") < screen.index(f"({first})")


def test_what_is_about_the_author_s_machine_and_record_is_not_stored():
    own = [cell for cell in START if notebooks.OWN.search(text(cell))]
    assert len(own) == 2
    assert [cell["outputs"] for cell in own] == [[], []]


def test_no_cell_looks_as_if_it_had_been_run_and_the_first_shows_that_it_has():
    """A newcomer pressed Shift + Enter on a cell that was numbered and silent: nothing moved."""
    code = [cell for cell in START if cell["cell_type"] == "code"]
    assert {cell["execution_count"] for cell in code} == {None}
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert text(code[0]).splitlines()[-1].startswith("print(")
