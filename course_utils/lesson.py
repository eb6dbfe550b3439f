"""Start a lesson: quiet logs, seeds, fixed threads and one figure style."""

import contextlib
import functools
import importlib.util
import os
import random
import tempfile
import warnings
from collections.abc import Iterator

THREADS = 1
"""All that computes does so on one thread: another count changes the last bits of a sum, the
course's small models gain nothing from a second one, and threads that wait in a loop, as those of
PyTorch and scikit-learn do, slow kernels that compute at the same time down by a factor of up to a
hundred."""

SECONDS_TO_STOP = 1.0
"""A browser sends all cells of a Run All at once, but on a busy machine some come a tenth of a
second after the error that is to stop them. Who mends a cell by hand takes longer than this."""

# The second is of PyTorch's profiler, which writes the time and a process id with every start.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "KINETO_LOG_LEVEL": "99"}


def begin(seed: int = 0, cards: bool = False) -> None:
    """Make this kernel ready for a lesson; the first code cell of every notebook calls it.

    It imports the frameworks that are installed (their start-up messages are held back), limits
    them and what NumPy and scikit-learn compute with to one thread, seeds Python, NumPy and both
    frameworks, and sets the figure style. The `import` lines that follow in the notebook then cost
    nothing.

    Graphics cards are hidden from both frameworks, and from the processes that this kernel starts,
    unless the lesson asks for them by `cards=True`: TensorFlow would take all memory of a card, and
    with its TF32 numbers would differ. What has used a card before keeps it: restart the kernel.
    """
    os.environ.update(QUIET | os.environ)
    # joblib, below scikit-learn, counts cores unless it may use fewer, and where a container hides
    # them it writes a traceback.
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(THREADS))
    if not cards:
        # Read when a framework first looks for cards, which importing it does not do.
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    random.seed(seed)
    _begin_numpy(seed)
    with _quiet_stderr(), warnings.catch_warnings(action="ignore"):
        if importlib.util.find_spec("torch"):
            _begin_torch(seed)
        if importlib.util.find_spec("tensorflow"):
            _begin_tensorflow(seed, cards)
    _limit_what_is_loaded()
    _begin_figures()
    _begin_kernel()


def _begin_numpy(seed: int) -> None:
    import numpy as np

    np.random.seed(seed)


def _limit_what_is_loaded() -> None:
    """Limit OpenBLAS, MKL and OpenMP, which NumPy, SciPy and scikit-learn bring along."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(THREADS)


def import_triton() -> None:
    """Import Triton, which PyTorch for GPUs brings along, where there is one.

    TensorFlow 2.20 and later make the symbols of their LLVM global. A Triton that is loaded after
    that, as PyTorch does at the first optimiser, calls them and ends the process; loaded before, it
    does not (tensorflow/tensorflow issue 124205).
    """
    if importlib.util.find_spec("triton"):
        import triton  # noqa: F401


def _begin_torch(seed: int) -> None:
    import_triton()
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)


def _begin_tensorflow(seed: int, cards: bool) -> None:
    import tensorflow as tf

    if not cards:
        # Not every card is CUDA's to hide; after its first operation TensorFlow hides none.
        with contextlib.suppress(RuntimeError):
            tf.config.set_visible_devices([], "GPU")
    # Once TensorFlow has computed something, its threads are what they are.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    tf.keras.utils.set_random_seed(seed)


def _begin_figures() -> None:
    from course_utils import figures

    figures.set_style()


def _begin_kernel() -> None:
    """Let an error stop all of a Run All, also cells that reach the kernel late."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return
    kernel.stop_on_error_timeout = SECONDS_TO_STOP
    # Where a thread reads the messages (ipykernel 7) that setting is passed over: an error stops
    # what has arrived, up to a message that the kernel posts to itself. Post it later.
    if thread := getattr(kernel, "shell_channel_thread", None):
        post = functools.partial(type(kernel)._post_dummy_stop_aborting_message, kernel)
        kernel._post_dummy_stop_aborting_message = lambda subshell: thread.io_loop.call_later(
            SECONDS_TO_STOP, post, subshell
        )


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hold back what C++ writes to file descriptor 2, and give it back if the body raises.

    No environment variable silences TensorFlow's first lines, which carry a time and a process id.
    """
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
