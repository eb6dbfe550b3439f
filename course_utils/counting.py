"""What is counted of code: statements, which no formatter changes, never lines."""

import inspect
import textwrap
from collections.abc import Callable

from course_utils import notebooks


def statements(*code: Callable | str) -> int:
    """Count the statements of functions, each without its `def`, and of programs given as text.

    A `tf.function` counts as the function that it traces.
    """
    return sum(
        notebooks.statements(one)
        if isinstance(one, str)
        else notebooks.statements(_source(one)) - 1
        for one in code
    )


def _source(function: Callable) -> str:
    return textwrap.dedent(inspect.getsource(getattr(function, "python_function", function)))
