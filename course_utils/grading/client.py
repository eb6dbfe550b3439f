"""The client of a student's kernel, which keeps so much of what comes, and believes none of it."""

import contextlib
import logging
import queue
import time
from typing import Any

import nbformat
import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete

MOST_OUTPUT = 2 * 2**20
"""Characters of a check's output, and of all the student's own cells together."""

# What waits here to be read, lies in the grader's own memory.
MOST_BYTES_A_MESSAGE, MOST_MESSAGES_WAITING = 64 * 2**20, 16

# What each message with an output has to carry, for a student's code can send any.
FIELDS = {
    "stream": {"name": str, "text": str},
    "display_data": {"data": dict},
    "execute_result": {"data": dict},
    "error": {"ename": str, "evalue": str, "traceback": list},
}

SILENT = logging.Logger("grading", logging.CRITICAL)
SILENT.addHandler(logging.NullHandler())


class Client(NotebookClient):
    """A client that keeps so much output and no more, and believes no message."""

    left, cut, status = MOST_OUTPUT, False, ""

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Keep what a message shows, where it has the form of one; nbclient calls this."""
        kind, content = msg["msg_type"], msg.get("content", {})
        if kind in FIELDS:
            wanted = FIELDS[kind].items()
            if not all(isinstance(content.get(name), one) for name, one in wanted):
                return None
            self.left -= sum(len(str(content[name])) for name in FIELDS[kind])
            if self.left < 0:
                self.cut = True
                return None
        elif kind.startswith("comm") or kind == "update_display_data":
            return None
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:  # a message that no kernel sends
            return None

    async def _check_raise_for_error(self, cell: Any, cell_index: int, exec_reply: Any) -> None:
        self.status = (exec_reply or {}).get("content", {}).get("status", "")


class Channels(AsyncKernelClient):
    """The channels to a kernel, which is ready once it has answered on both of them."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask until there is an answer; raise RuntimeError where none comes.

        What else comes belongs to no cell, and nbclient passes it over; jupyter_client would listen
        for it, and with each kernel lose 0.2 s.
        """
        end = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < end:
            self.kernel_info()
            with contextlib.suppress(queue.Empty):
                await self.get_shell_msg(timeout=1)
                await self.get_iopub_msg(timeout=0.2)
                return
            if not await self.is_alive():
                break
        raise RuntimeError("the kernel did not answer")


def client_of(steps: int, seconds: float) -> tuple[Client, Any]:
    """Return a client for so many steps of at most so many seconds, and its kernel's manager."""
    empty = nbformat.v4.new_code_cell("")
    cells = [nbformat.from_dict(empty | {"id": str(n)}) for n in range(steps + 1)]
    client = Client(
        nbformat.v4.new_notebook(cells=cells),
        timeout=seconds,
        startup_timeout=120,
        iopub_timeout=10,
        raise_on_iopub_timeout=True,
        kernel_name="python3",
        allow_errors=True,
        record_timing=False,
        coalesce_streams=True,
        shutdown_kernel="immediate",
        extra_arguments=["--log-level=ERROR"],
        log=SILENT,
    )
    manager = client.create_kernel_manager()
    manager.log = SILENT
    manager.client_factory = Channels
    manager.context.setsockopt(zmq.MAXMSGSIZE, MOST_BYTES_A_MESSAGE)
    manager.context.setsockopt(zmq.RCVHWM, MOST_MESSAGES_WAITING)
    return client, manager
