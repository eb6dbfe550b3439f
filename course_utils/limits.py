"""What a learner's code may not do: take too long, or change what all that follows depends on."""

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from course_utils import CourseError, explain


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Interrupt the body after so many seconds, as a notebook's stop button does.

    Raises CourseError, with the learner's line that was running. A single call that never comes
    back from C++ cannot be interrupted, neither so nor by the button.
    """
    late = threading.Event()
    main = threading.current_thread() is threading.main_thread()

    def interrupt() -> None:
        late.set()
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        else:  # Windows: the main thread hears it at its next line of Python
            _thread.interrupt_main()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    if main:
        # What a script starts in the background ignores this signal from its first moment.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        timer.start()
    try:
        yield
    except KeyboardInterrupt as error:
        if not late.is_set():
            raise
        own = explain.own(error)
        where = f", at {own[-1]}" if own else ""
        raise CourseError(
            f"your code took more than {seconds:g} s and was stopped{where}"
        ) from None
    finally:
        timer.cancel()
        if main:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)


@contextlib.contextmanager
def settings_kept() -> Iterator[None]:
    """Set a framework's settings back; raises CourseError where the body left one changed."""
    before = _settings()
    try:
        yield
    finally:
        after = {name: value for name, (value, _) in _settings().items()}
        changed = [name for name in before if after[name] != before[name][0]]
        for name in changed:
            value, restore = before[name]
            restore(value)
    if changed:
        name = changed[0]
        raise CourseError(
            f"your code leaves {name}() at {after[name]}, and it was {before[name][0]}: set it "
            "back, or all that follows meets it"
        )


def _settings() -> dict[str, tuple[Any, Any]]:
    """Return what an answer can set for all that follow: the value, and what sets it."""
    found = {}
    if torch := sys.modules.get("torch"):
        found["torch.is_grad_enabled"] = torch.is_grad_enabled(), torch.set_grad_enabled
        found["torch.get_default_dtype"] = torch.get_default_dtype(), torch.set_default_dtype
    if keras := sys.modules.get("keras"):
        found["keras.config.floatx"] = keras.config.floatx(), keras.config.set_floatx
    if tf := sys.modules.get("tensorflow"):
        eagerly = tf.config.functions_run_eagerly(), tf.config.run_functions_eagerly
        found["tf.config.functions_run_eagerly"] = eagerly
    return found
