"""The dashboards' real servers: what was written comes back, and nothing of them is left behind."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import psutil
import pytest

from course_utils import CourseError, dashboards
from course_utils.dashboards import boards, web_files

CURVE = [0.9, 0.5, 0.25]
PICTURE = (np.arange(3 * 5 * 3) * 5).reshape(3, 5, 3).astype("uint8")
START = {"tensorboard": dashboards.tensorboard, "visdom": dashboards.visdom}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """What each framework's own writer makes of the same records."""
    import tensorflow as tf
    from torch.utils.tensorboard import SummaryWriter

    folder = tmp_path_factory.mktemp("log")
    with SummaryWriter(folder / "torch") as writer:
        for step, value in enumerate(CURVE):
            writer.add_scalar("loss", value, step)
        writer.add_histogram("weights", np.arange(10.0), 1)
        writer.add_image("picture", PICTURE, 2, dataformats="HWC")
        writer.add_text("note", "hello", 3)
    with tf.summary.create_file_writer(str(folder / "tensorflow")).as_default():
        for step, value in enumerate(CURVE):
            tf.summary.scalar("loss", value, step)
        tf.summary.histogram("weights", np.arange(10.0), 1)
        tf.summary.image("picture", PICTURE[None], 2)
        tf.summary.text("note", "hello", 3)
    return folder


@pytest.fixture(params=START)
def board(request, tmp_path):
    with START[request.param](tmp_path / "folder") as running:
        yield running


def status(address):
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    ("framework", "note"), [("torch", "note/text_summary"), ("tensorflow", "note")]
)
def test_every_record_comes_back_without_a_server(log, framework, note):
    records = dashboards.read_log(log)
    of_one = records[records.run == framework].set_index("tag")
    assert list(of_one.loc["loss", "value"]) == pytest.approx(CURVE)
    assert list(of_one.loc["loss", "step"]) == [0, 1, 2]
    assert of_one.loc["weights", "value"][:, 2].sum() == 10
    np.testing.assert_array_equal(of_one.loc["picture", "value"], PICTURE)
    assert of_one.loc[note, "value"] == "hello"
    assert set(of_one.kind) == {"scalars", "text", "images", "histograms"}


def test_tensorboard_shows_both_frameworks_curves(log):
    with dashboards.tensorboard(log) as board:
        for run in ("torch", "tensorflow"):
            address = f"{board.address}data/plugin/scalars/scalars?run={run}&tag=loss&format=csv"
            with urllib.request.urlopen(address, timeout=10) as answer:
                rows = answer.read().decode().splitlines()[1:]
            assert [float(row.split(",")[2]) for row in rows] == pytest.approx(CURVE)


def test_what_visdom_is_sent_comes_back(tmp_path):
    import torch

    with dashboards.visdom(tmp_path) as board:
        client = board.client("trial")
        client.line(torch.tensor(CURVE), torch.arange(3), opts={"title": "loss"})
        client.heatmap(torch.eye(2), opts={"title": "eye"})
        client.image(PICTURE.transpose(2, 0, 1), opts={"title": "picture"})
        client.text("hello", opts={"title": "note"})
        client.histogram(np.arange(10.0), opts={"title": "weights", "numbins": 5})
        rows = dashboards.read_windows(client).set_index("title")
        np.testing.assert_allclose(rows.loc["loss", "value"], np.column_stack([range(3), CURVE]))
        np.testing.assert_array_equal(rows.loc["eye", "value"], np.eye(2))
        assert rows.loc["picture", "value"].shape == PICTURE.shape
        assert rows.loc["note", "value"] == "hello"
        assert rows.loc["weights", "value"][:, 1].sum() == 10


def test_visdom_s_clients_wait_for_their_connection_and_no_longer(tmp_path, monkeypatch):
    slept, sleep = [], time.sleep
    with dashboards.visdom(tmp_path) as board:
        monkeypatch.setattr(time, "sleep", lambda seconds: slept.append(seconds) or sleep(seconds))
        clients = [board.client(f"trial{n}") for n in range(5)]
        assert all(client.socket_alive for client in clients)
        assert max(slept, default=0) < 0.1


@pytest.mark.heavy
def test_visdom_s_embeddings_pane_lays_out_what_it_is_sent(tmp_path):
    import torch

    groups = torch.arange(40) % 2
    features = 10 * groups[:, None] + torch.rand(40, 5, generator=torch.Generator().manual_seed(0))
    with dashboards.visdom(tmp_path) as board:
        client = board.client("trial")
        client.embeddings(features, groups.tolist(), win="points")
        (row,) = dashboards.read_windows(client).itertuples()
    assert row.kind == "embeddings"
    assert row.value.shape == (40, 2)
    np.testing.assert_allclose([row.value.min(axis=0), row.value.max(axis=0)], [[-1] * 2, [1] * 2])
    apart = row.value[groups == 1].mean(axis=0) - row.value[groups == 0].mean(axis=0)
    assert np.abs(apart).max() > 0.5


def test_a_server_does_without_the_frameworks(board):
    assert psutil.Process(board.pid).memory_info().rss < 150e6


def test_visdom_s_environments_outlive_their_server(tmp_path):
    for look in range(2):
        with dashboards.visdom(tmp_path) as board:
            client = board.client("trial")
            if look == 0:
                client.line(np.array(CURVE), np.arange(3), win="loss")
                client.save(["trial"])
            else:
                client.save(["trial"])  # visdom by itself would write "null" here
                assert len(dashboards.read_windows(client)) == 1


def test_only_who_knows_the_path_gets_an_answer(board):
    assert status(board.address) == 200
    assert status(f"http://127.0.0.1:{board.port}/") == 404
    assert status(f"http://127.0.0.1:{board.port}/wrong/") == 404


def test_nothing_listens_beyond_this_machine(board):
    process = psutil.Process(board.pid)
    listening = [one for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
    assert [one.laddr for one in listening] == [("127.0.0.1", board.port)]
    assert not process.children()
    assert board.path.strip("/") not in " ".join(process.cmdline())


def test_two_learners_boards_are_two(tmp_path):
    with dashboards.visdom(tmp_path / "a") as one, dashboards.visdom(tmp_path / "b") as other:
        one.client("mine").text("a secret")
        assert len(dashboards.read_windows(other.client("mine"))) == 0
        assert status(one.address.replace(one.path, other.path)) == 404


def test_a_killed_server_gives_one_line_and_a_restart_works(board):
    os.kill(board.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(board.pid)], timeout=5)
    with pytest.raises(CourseError, match=r"server has ended: run the cell that starts it again$"):
        board.check()
    with pytest.raises(CourseError, match="has ended"):
        board.show()
    with START[board.kind](board.folder) as again:
        assert status(again.address) == 200


def test_a_client_of_a_killed_server_gets_the_same_line(tmp_path):
    with dashboards.visdom(tmp_path) as board:
        client = board.client("trial")
        os.kill(board.pid, signal.SIGKILL)
        with pytest.raises(CourseError, match="Visdom's server has ended"):
            client.text("lost")


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.heavy)])
def test_starts_and_stops_leave_nothing(tmp_path, monkeypatch, times):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    me = psutil.Process()
    gc.collect()
    files, started = me.num_fds(), set()
    for n in range(times):
        with START[list(START)[n % 2]](tmp_path / "folder") as board:
            port, server = board.port, psutil.Process(board.pid)
            started |= {server, *server.children(recursive=True)}
        assert not any(one.laddr.port == port for one in me.net_connections())
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
    gc.collect()
    assert len(started) >= times
    assert not any(process.is_running() for process in started)
    assert me.num_fds() <= files  # an earlier test's client may have closed its socket since
    assert list(temporary.iterdir()) == []


def test_a_server_ends_with_a_kernel_that_is_killed(tmp_path):
    script = f"""
        import time
        from course_utils import dashboards
        boards = [dashboards.tensorboard({str(tmp_path)!r}), dashboards.visdom({str(tmp_path)!r})]
        print(*[board.pid for board in boards], flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    end = time.monotonic() + 10
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.1)
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_server_that_cannot_start_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "psutil.py").write_text("def pid_exists(pid):\n    return True\n")
    (tmp_path / "tornado.py").write_text("raise ImportError('tornado is broken')")
    with pytest.raises(CourseError, match=r"did not start \(ImportError: tornado is broken\)"):
        dashboards.visdom(tmp_path / "folder")


def test_a_server_that_does_not_answer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(boards, "SECONDS_TO_START", 0.2)
    with pytest.raises(CourseError, match="TensorBoard's server did not start"):
        dashboards.tensorboard(tmp_path)


def test_a_port_in_use_is_one_line(tmp_path, board):
    command = [sys.executable, "-m", "course_utils.dashboards.servers", board.kind, str(tmp_path)]
    result = subprocess.run(
        [*command, str(os.getpid()), str(board.port)],
        env=os.environ | {"COURSE_BOARD_PATH": "/x"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode != 0
    assert result.stdout == ""
    assert "in use" in result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("start", [*START.values(), dashboards.new_runs])
def test_a_folder_that_cannot_be_written_is_one_line(start, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    with pytest.raises(CourseError, match=r"nothing can be written in .*: make that folder writ"):
        start(tmp_path / "file" / "folder")


def test_new_runs_are_empty_and_the_learner_s_own(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    folder = dashboards.new_runs("trial")
    (folder / "old").write_text("")
    assert list(dashboards.new_runs("trial").iterdir()) == []
    assert folder.is_relative_to(tmp_path)


def test_what_another_kernel_logs_to_the_same_lesson_s_folder_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    script = """
        from course_utils import dashboards
        folder = dashboards.new_runs("trial")
        (folder / "log").write_text("")
        print(folder, flush=True)
        input()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as other:
        theirs = Path(other.stdout.readline().strip())
        ours = dashboards.new_runs("trial")
        assert ours != theirs
        assert (theirs / "log").exists()
        assert dashboards.new_runs("trial") == ours
        other.kill()
    assert dashboards.new_runs("trial") == theirs
    assert not (theirs / "log").exists()


def test_no_log_is_one_line(tmp_path):
    with pytest.raises(CourseError, match=r"there is no log in .*: run the cells that write it"):
        dashboards.read_log(tmp_path)


@pytest.mark.parametrize("place", [-40, -3])
def test_a_damaged_log_is_one_line(log, tmp_path, place):
    folder = shutil.copytree(log / "torch", tmp_path / "log")
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    content[place] ^= 255
    file.write_bytes(content)
    with pytest.raises(CourseError, match=r"is damaged after \d records: delete it and write"):
        dashboards.read_log(folder)
    file.write_bytes(content[:place])
    with pytest.raises(CourseError, match="is damaged"):
        dashboards.read_log(folder)


def test_a_kernel_finds_its_notebook_server(tmp_path, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("JPY_PARENT_PID", "17")
    assert dashboards.base_url() is None
    (tmp_path / "jpserver-17.json").write_text('{"base_url": "/some/where/"}')
    assert dashboards.base_url() == "/some/where/"
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert dashboards.base_url() == "/user/ada/"


def test_no_npm_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(web_files.shutil, "which", lambda name: None)
    monkeypatch.setattr(web_files.importlib.util, "find_spec", only("visdom"))
    with pytest.raises(CourseError, match=r"need npm, and there is none: install Node\.js, or"):
        web_files.make(tmp_path / "files")
    assert not (tmp_path / "files").exists()


def only(name):
    find = web_files.importlib.util.find_spec
    return lambda wanted: find(wanted) if wanted == name else None


def test_an_unreachable_registry_is_one_line(monkeypatch, tmp_path):
    if not shutil.which("npm"):
        pytest.skip("needs npm")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(CourseError, match=r"npm could not fetch .*check the network, then run"):
        web_files.make(tmp_path / "files")
    assert not (tmp_path / "files").exists()


def test_a_package_that_is_not_the_listed_one_is_refused(tmp_path):
    (tmp_path / "jquery-3.1.1.tgz").write_bytes(b"something else")
    package = {"name": "jquery", "version": "3.1.1", "sha512": "=", "files": {}}
    with pytest.raises(CourseError, match=r"jquery-3\.1\.1: not the file .*tested with"):
        web_files.unpack(package, tmp_path, tmp_path)


def test_without_web_files_visdom_keeps_the_data_and_says_what_is_missing(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "sitecustomize.py").write_text(
        "from course_utils.dashboards import web_files\nweb_files.current = lambda: False\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(web_files, "current", lambda: False)
    with dashboards.visdom(tmp_path / "folder") as board:
        client = board.client("trial")
        client.line(np.array(CURVE), np.arange(3))
        assert len(dashboards.read_windows(client)) == 1
        board.show()
        with urllib.request.urlopen(board.address) as answer:
            assert "run <code>course web-files</code>" in answer.read().decode()
    assert "needs its web files: run `course web-files`" in capsys.readouterr().out
