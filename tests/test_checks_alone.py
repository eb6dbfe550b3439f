"""A check that is run alone after a restart says in one line what to do."""

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils import notebooks


def test_a_check_run_alone_says_what_to_run(exercise, capsys):
    for cell in notebooks.load(exercise)["cells"]:
        graded = cell["metadata"].get("nbgrader", {})
        if not graded.get("grade"):
            continue
        assert cell["metadata"]["jupyter"]["source_hidden"]
        InteractiveShell.clear_instance()
        shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
        shell.run_cell("".join(cell["source"]))
        (line,) = capsys.readouterr().out.splitlines()
        assert line.startswith(
            f"Set-up broken, task {graded['grade_id'].rpartition('-')[2]}: name "
        )
        assert line.endswith("Run the notebook from its top to this cell, in order")
