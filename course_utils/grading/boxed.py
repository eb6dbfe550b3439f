"""The provisioner of kernels in a box: warm ones, forked from the preload, or stock ones."""

import contextlib
import os
import subprocess
import sys
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from course_utils.grading import box
from course_utils.kernels import WarmProvisioner, joining

SECONDS_TO_END = 5


class _Joining(LocalProvisioner):
    """What is started where there is no warm kernel: a stock one that joins the box."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        given = kwargs.pop("box")
        join = [sys.executable, "-m", joining.__name__, str(given["pid"]), str(given["memory"])]
        kwargs |= {"env": kwargs["env"] | given["env"], "cwd": "/"}
        return await super().launch_kernel([*join, *cmd], **kwargs)


class BoxedProvisioner(WarmProvisioner, _Joining):
    """Starts a kernel that joins a box; Jupyter reaches it over sockets in the box's /tmp.

    `box` is set by whoever made the box and ends it.
    """

    box: box.Box
    memory = box.MEMORY

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Let the kernel listen on sockets that are files; Jupyter calls this."""
        self.parent.transport, self.parent.ip = "ipc", f"{box.IPC}/k"
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start the kernel in its box; Jupyter calls this."""
        file = self.parent.connection_file
        with open(file) as given:
            (self.box.root / box.CONNECTION[1:]).write_text(given.read())
        cmd = [part.replace(os.path.realpath(file), box.CONNECTION) for part in cmd]
        joined = {"pid": self.box.pid, "memory": self.memory, "env": box.INSIDE}
        with open(os.devnull, "w") as nowhere:
            kwargs |= {"env": box.environment(), "cwd": box.HOME}
            kwargs |= {"stdout": nowhere, "stderr": nowhere}
            await super().launch_kernel(cmd, box=joined, **kwargs)
        self.connection_info = dict(self.connection_info, ip=str(self.box.root) + f"{box.IPC}/k")
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """End the box, and so the kernel; Jupyter calls this, and looks again after 0.1 s only."""
        self.box.end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS_TO_END)

    async def terminate(self, restart: bool = False) -> None:
        """End the box, and so the kernel; Jupyter calls this."""
        self.box.end()
