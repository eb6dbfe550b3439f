"""How graded kernels start and end: no wait by the clock, and no outcome by a broken one."""

import asyncio
import queue
import subprocess
import threading
import warnings

import pytest
from jupyter_client.kernelspec import KernelSpec
from test_grade_class import PART, make_class

from course_utils import CourseError
from course_utils.grading import box, classes, running
from course_utils.grading.boxed import BoxedProvisioner
from course_utils.grading.client import Channels, client_of


class Answering(Channels):
    """Channels to a kernel that answers by a script: + where a message comes, - where none does."""

    script, alive = "", True

    def kernel_info(self):
        self.heard += "?"

    async def _answer(self, channel):
        self.heard += channel
        sign, self.script = self.script[0], self.script[1:]
        if sign == "-":
            raise queue.Empty

    async def get_shell_msg(self, timeout):
        await self._answer("s")

    async def get_iopub_msg(self, timeout):
        await self._answer("o")

    async def is_alive(self):
        return self.alive


def heard(script, alive=True):
    kernel = Answering()
    kernel.script, kernel.alive, kernel.heard = script, alive, ""
    asyncio.run(kernel.wait_for_ready(timeout=30))
    return kernel.heard


def test_a_kernel_is_ready_when_both_channels_have_answered_and_not_later():
    assert heard("++") == "?so"
    # Nobody was subscribed yet when it answered, or it has not started to listen.
    assert heard("+-++") == "?so?so"
    assert heard("-++") == "?s?so"
    with pytest.raises(RuntimeError, match="did not answer"):
        heard("-", alive=False)


def test_a_client_is_made_without_a_warning_and_its_steps_share_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client, _ = client_of(steps=3, seconds=1)
    assert len({id(cell.outputs) for cell in client.nb.cells}) == 4


def test_a_kernel_has_ended_when_its_box_has_been_ended():
    process = subprocess.Popen(["sleep", "60"])
    provisioner = BoxedProvisioner(kernel_spec=KernelSpec())
    provisioner.process, provisioner.box = process, type("Box", (), {"end": process.kill})
    asyncio.run(provisioner.kill())
    assert process.returncode is not None


def test_no_outcome_is_kept_where_kernels_cannot_import_this_course(tmp_path, monkeypatch):
    course, submitted = make_class(tmp_path, ["honest", "wrong", "syntax", "warning"])
    ran = threading.Semaphore(0)

    def run(*_):
        found = running.Run()
        found.outcomes = {f"small-{n}": ("wrong", "") for n in (1, 2, 3)}
        ran.release()
        return found

    def ready(_):
        assert ran.acquire(timeout=30)
        raise CourseError("set-up broken, nothing was graded")

    monkeypatch.setattr(running, "run", run)
    monkeypatch.setattr(running, "ready", ready)
    with pytest.raises(CourseError, match="nothing was graded"):
        classes.grade(PART, submitted, classes.Options(jobs=2, boxed=False), print, course)
    assert not list(tmp_path.rglob("records/*"))


class Growing:
    """A box in which hundreds of processes come while those that are there are weighed."""

    def __init__(self, root):
        self.root, self.ended = root, threading.Event()
        self.start_processes(200)

    def start_processes(self, count):
        for number in range(1, count + 1):
            (self.root / "proc" / str(number)).mkdir(parents=True, exist_ok=True)

    def weigh(self, process):
        self.start_processes(400)
        self.ended.wait(10)
        return 0

    def end(self, reason):
        self.ended_for = reason
        self.ended.set()


def test_processes_that_come_while_others_are_weighed_end_their_box(tmp_path, monkeypatch):
    growing = Growing(tmp_path)
    monkeypatch.setattr(box, "_own", growing.weigh)
    monkeypatch.setattr(box, "_resident", lambda process: box.MB)
    watchdog = box.Watchdog(memory=100 * box.MB)
    with watchdog.watching(growing):
        watchdog.start()
        ended = growing.ended.wait(5)
        watchdog.stop()
    assert ended
    assert growing.ended_for == "it started more than 300 processes"


def test_a_box_that_is_closed_while_it_is_weighed_is_not_ended(tmp_path, monkeypatch):
    growing = Growing(tmp_path)
    watchdog = box.Watchdog(memory=100 * box.MB)

    def weigh(process):
        watchdog.boxes.discard(growing)
        return box.MB

    monkeypatch.setattr(box, "_own", weigh)
    monkeypatch.setattr(box, "_resident", lambda process: box.MB)
    with watchdog.watching(growing):
        watchdog._weigh(growing)
    assert not growing.ended.is_set()
