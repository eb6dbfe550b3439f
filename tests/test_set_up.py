"""set_up.py: quick when there is nothing to do, and one line for everything that goes wrong."""

import functools
import http.server
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from course_utils import ROOT

SPEC = importlib.util.spec_from_file_location("set_up", ROOT / "set_up.py")
set_up = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(set_up)


@pytest.fixture
def project(tmp_path):
    """The files that a set-up needs, in a folder of their own, with a space in its name."""
    folder = tmp_path / "my course"
    shutil.copytree(ROOT / "course_utils", folder / "course_utils")
    for name in ("set_up.py", "Makefile", "README.md", *set_up.SOURCES):
        shutil.copy(ROOT / name, folder / name)
    return folder


def environment(**changes):
    """No network but a dead port of this machine, whatever pip's configuration says."""
    dead = {
        "UV_NO_CACHE": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
        "PIP_NO_CACHE_DIR": "1",
    }
    own = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    return own | dead | changes


def run(project, python=sys.executable, **changes):
    return subprocess.run(
        [python, "set_up.py"],
        cwd=project,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def only_line(result, status=1):
    assert result.returncode == status, result.stdout + result.stderr
    (line,) = [line for line in result.stderr.splitlines() if line]
    assert line.startswith("set-up: ")
    return line


def finish(project):
    """Leave what a finished set-up leaves, as far as `trusted` looks at it."""
    scripts = project / ".venv" / set_up.SCRIPTS
    scripts.mkdir(parents=True)
    (scripts / Path(sys.executable).name).symlink_to(sys.executable)
    (scripts / "python").exists() or (scripts / "python").symlink_to(sys.executable)
    (project / ".venv/pyvenv.cfg").write_text("")
    (project / ".venv/stamp").write_text(set_up.stamp(project))


def test_a_finished_environment_is_trusted_at_once_and_quietly(project):
    finish(project)
    start = time.perf_counter()
    result = run(project)
    assert time.perf_counter() - start < 3
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("name", set_up.SOURCES)
def test_a_change_of_what_is_wanted_ends_the_trust(project, name):
    finish(project)
    assert set_up.trusted(project)
    (project / name).write_text((project / name).read_text() + "# changed\n")
    assert not set_up.trusted(project)


def test_a_moved_environment_is_not_trusted(project):
    finish(project)
    assert not set_up.trusted(project.rename(project.with_name("elsewhere")))


def test_an_unreachable_index_is_one_line_and_nothing_is_trusted(project):
    line = only_line(run(project))
    assert "the package index cannot be reached" in line
    assert not set_up.trusted(project)
    assert not (project / ".venv/stamp").exists()


@pytest.mark.heavy
def test_a_stale_environment_loses_its_stamp_before_it_is_changed(project, empty_venv):
    empty_venv.rename(project / ".venv")
    (project / ".venv/stamp").write_text("from other files")
    result = run(project)
    assert "updating .venv" in result.stdout
    assert "cannot be reached" in only_line(result)
    assert not (project / ".venv/stamp").exists()


def test_a_folder_that_is_not_ours_is_left_alone(project):
    (project / ".venv").mkdir()
    (project / ".venv/work.txt").write_text("precious")
    assert "move it away" in only_line(run(project))
    assert (project / ".venv/work.txt").read_text() == "precious"


def test_too_old_a_python(project):
    found = [shutil.which(f"python3.{minor}") for minor in (10, 9, 8, 7)]
    found += sorted(Path.home().glob(".pyenv/versions/3.[6-9].*/bin/python"), reverse=True)
    old = next((path for path in found if path and works(path)), None)
    if not old:
        pytest.skip("there is no Python older than 3.11 on this machine")
    empty = project / "empty"
    empty.mkdir()
    line = only_line(run(project, python=str(old), PATH=str(empty)))
    assert "is too old: install Python 3.11, 3.12 or 3.13" in line
    assert not (project / ".venv").exists()


def works(path):
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(("version", "age"), [((3, 10, 2), "old"), ((3, 14, 0), "new")])
def test_no_fitting_python(monkeypatch, version, age):
    monkeypatch.setattr(set_up.sys, "version_info", version)
    monkeypatch.setattr(set_up.shutil, "which", lambda name: None)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(set_up.SetUpError, match=f"is too {age}: install Python 3.11"):
        set_up.use_a_python_that_fits()


def test_another_python_that_fits_is_used(monkeypatch, capfd):
    monkeypatch.setattr(set_up.sys, "version_info", (3, 9, 0))
    monkeypatch.setattr(set_up.shutil, "which", lambda name: sys.executable)
    monkeypatch.setattr(set_up.sys, "argv", ["-c", "print('went on')"])
    with pytest.raises(SystemExit) as end:
        set_up.use_a_python_that_fits()
    assert end.value.code == 0
    out = capfd.readouterr().out
    assert "Python 3.9 does not fit" in out
    assert "went on" in out


def test_windows_has_its_pythons_behind_one_name(monkeypatch, tmp_path):
    (tmp_path / "py").write_text("#!/bin/sh\n")
    (tmp_path / "py").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(set_up, "fetched_python", lambda: "")
    assert list(set_up.pythons()) == []
    monkeypatch.setattr(set_up, "WINDOWS", True)
    program = str(tmp_path / "py")
    assert list(set_up.pythons()) == [[program, f"-3.{minor}"] for minor in (13, 12, 11)]


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (("Darwin", "x86_64", "14.2"), "no release for an Intel Mac: use another machine, or"),
        (("Darwin", "arm64", "13.6"), "needs macOS 14 or newer, this is 13.6: update it"),
        (("Windows", "ARM64"), "no release for Windows on ARM64: use another machine"),
        (("FreeBSD", "amd64"), "no release for FreeBSD on amd64"),
    ],
)
def test_a_machine_for_which_there_is_no_release(machine, said):
    with pytest.raises(set_up.SetUpError, match=said) as caught:
        set_up.check_system(*machine)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "machine",
    [("Darwin", "arm64", "14.2"), ("Windows", "AMD64"), ("Linux", "x86_64"), ("Linux", "aarch64")],
)
def test_a_machine_for_which_there_are_releases(machine):
    set_up.check_system(*machine)


def test_a_python_of_32_bits_on_a_machine_of_64():
    with pytest.raises(set_up.SetUpError, match="install one of 64 bits"):
        set_up.check_bits(2**31 - 1)
    set_up.check_bits(2**63 - 1)


def test_the_releases_that_are_named_are_those_that_are_installed():
    pins = (ROOT / "constraints.txt").read_text().split()
    for name, named in (("torch", "PyTorch"), ("tensorflow", "TensorFlow")):
        (version,) = [pin.partition("==")[2] for pin in pins if pin.startswith(f"{name}==")]
        with pytest.raises(set_up.SetUpError, match=f"{named} {version.rpartition('.')[0]} "):
            set_up.check_system("Darwin", "x86_64")


def test_a_folder_too_deep_for_windows():
    deep = Path("/", "x" * set_up.LONGEST_ROOT)
    with pytest.raises(set_up.SetUpError, match=r"has 58 characters, .* leaves it 57: move it"):
        set_up.check_path(deep, long=False)
    set_up.check_path(deep, long=True)
    set_up.check_path(Path(str(deep)[:-1]), long=False)
    assert os.name == "nt" or set_up.long_paths()


def test_the_packages_fit_below_the_deepest_folder_for_windows():
    packages = Path(next(path for path in sys.path if path.endswith("site-packages")))
    longest = max(len(str(path.relative_to(packages))) for path in packages.rglob("*"))
    assert set_up.LONGEST_ROOT + len("\\.venv\\Lib\\site-packages\\") + longest <= 259


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")
@pytest.mark.parametrize("command", [[sys.executable, "set_up.py"], ["make", "-s", "lab"]])
def test_a_folder_that_cannot_be_written(project, command):
    box = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    result = subprocess.run(
        [*box, *command], cwd=project, env=environment(), capture_output=True, text=True
    )
    assert result.returncode
    assert f"nothing can be written in {project}: go on in a copy" in result.stderr
    assert "Traceback" not in result.stderr


def test_no_python_at_all(project):
    result = subprocess.run(
        ["make", "lab", "PYTHON=python3-that-is-nowhere"],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert "There is no python3-that-is-nowhere: install Python 3.12" in result.stderr


def test_no_venv_module(project):
    (project / "ensurepip.py").write_text("raise ImportError")
    line = only_line(run(project, PYTHONPATH=str(project)))
    assert "has no venv module" in line
    assert f"apt install python3.{sys.version_info[1]}-venv" in line
    assert not (project / ".venv").exists()


def test_little_disk():
    with pytest.raises(set_up.SetUpError, match=r"needs 5 GB of disk, 1\.2 GB are free: make room"):
        set_up.check_disk(1.2, 5)


def test_what_pip_is_configured_with_is_uv_s_too(monkeypatch):
    command = [sys.executable, "-m", "pip"]
    # As Windows has it, where Python writes to a pipe as Windows' old programs did.
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    own = {
        "PIP_INDEX_URL": "https://index.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://one.example https://two.example",
        "PIP_FIND_LINKS": "wheels",
        "PIP_CONSTRAINT": "a.txt b.txt",
        "PIP_CERT": "Jörg's certificate.pem",
        "PIP_DEFAULT_TIMEOUT": "7",
        "PIP_NO_INDEX": "1",
        "PIP_TRUSTED_HOST": "index.example",
    }
    for name, value in environment(**own).items():
        monkeypatch.setenv(name, value)
    options, variables = set_up.translated(set_up.settings(command))
    assert sorted(options) == [
        "--allow-insecure-host=index.example",
        "--constraints=a.txt",
        "--constraints=b.txt",
        "--default-index=https://index.example/simple",
        "--find-links=wheels",
        "--index=https://one.example",
        "--index=https://two.example",
        "--no-index",
    ]
    assert variables == {"SSL_CERT_FILE": "Jörg's certificate.pem", "UV_HTTP_TIMEOUT": "7"}


def test_a_setting_nearer_to_the_command_wins():
    listed = (
        ":env:.index-url='https://env.example'\n"
        "global.index-url='https://global.example'\n"
        "install.index-url='https://install.example'"
    )
    assert set_up.translated(listed)[0] == ["--default-index=https://env.example"]


def test_uv_keeps_what_it_fetches_in_the_environment_where_its_own_place_has_no_room(
    tmp_path, monkeypatch
):
    venv = Path(sys.prefix)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "not/yet/there"))
    assert set_up.cache(venv) == {}
    monkeypatch.setattr(set_up, "DISK", 1e6)
    assert set_up.cache(venv) == {"UV_CACHE_DIR": str(venv / "uv-cache")}


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")
def test_so_it_does_where_the_home_cannot_be_written(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    code = "import pathlib, sys, set_up; print(*set_up.cache(pathlib.Path(sys.prefix)))"
    command = [sys.executable, "-c", code]
    own = environment(HOME=str(home), PYTHONPATH=str(ROOT), UV_NO_CACHE="0")
    told = {}
    for bind in ("--bind", "--ro-bind"):
        box = ["bwrap", "--dev-bind", "/", "/", bind, str(home), str(home)]
        told[bind] = subprocess.check_output([*box, *command], env=own, text=True).strip()
    assert told == {"--bind": "", "--ro-bind": "UV_CACHE_DIR"}


@pytest.fixture(scope="module")
def made_venv(tmp_path_factory):
    venv = tmp_path_factory.mktemp("made") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    return venv


@pytest.fixture
def empty_venv(made_venv, tmp_path):
    """An environment with pip and nothing else: a copy, which is made sooner."""
    return shutil.copytree(made_venv, tmp_path / "venv", symlinks=True)


def test_where_uv_cannot_be_had_pip_does_its_work_and_one_line_says_so(
    project, empty_venv, capfd, monkeypatch
):
    for name, value in environment(PIP_INDEX_URL=str(project), PIP_NO_INDEX="1").items():
        monkeypatch.setenv(name, value)
    (project / "build-constraints.txt").write_text("")
    set_up.fetch_installers(empty_venv, project)
    out = capfd.readouterr().out
    assert "uv cannot be had, pip does its work, slowly" in out
    assert "No matching distribution found for uv" in out
    assert len(out.splitlines()) == 1


class OnlyForPip(http.server.SimpleHTTPRequestHandler):
    """An index that lets uv stand at the door, as a proxy or a certificate may do."""

    def do_GET(self):
        if "pip/" in self.headers["User-Agent"]:
            super().do_GET()

    def log_message(self, *_):
        pass


def test_where_uv_does_not_get_through_pip_does_its_work_and_one_line_says_so(
    project, empty_venv, tmp_path, capfd, monkeypatch
):
    (lib,) = empty_venv.glob("lib/python3*/site-packages")
    for installer in ("pip", "uv"):
        own = Path(sys.prefix, lib.relative_to(empty_venv), installer)
        shutil.copytree(own, lib / installer, dirs_exist_ok=True)
    (empty_venv / set_up.SCRIPTS / "uv").symlink_to(Path(sys.prefix, set_up.SCRIPTS, "uv"))
    wheel, told = tmp_path / "index/tiny/tiny-1-py3-none-any.whl", "tiny-1.dist-info"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("tiny.py", "")
        file.writestr(f"{told}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        file.writestr(f"{told}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{told}/RECORD", "")
    serve = functools.partial(OnlyForPip, directory=str(tmp_path / "index"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index = f"http://127.0.0.1:{server.server_port}"
        for name, value in environment(PIP_INDEX_URL=index, UV_HTTP_RETRIES="0").items():
            monkeypatch.setenv(name, value)
        set_up.install(empty_venv, project, False, "tiny")
        server.shutdown()
    assert (lib / "tiny.py").exists()
    said = "uv does not reach the package index; pip does its work, slowly"
    assert capfd.readouterr().out.strip() == said


def test_cards_are_remembered_until_they_are_taken_back(project, monkeypatch):
    monkeypatch.delenv("CARDS", raising=False)
    finish(project)
    assert set_up.trusted(project)
    monkeypatch.setenv("CARDS", "1")
    assert not set_up.trusted(project)
    (project / ".venv/stamp").write_text(set_up.stamp(project, cards=True))
    assert set_up.trusted(project)
    monkeypatch.delenv("CARDS")
    assert set_up.trusted(project)
    monkeypatch.setenv("CARDS", "0")
    assert not set_up.trusted(project)


def test_other_releases_begin_from_an_empty_environment(project, monkeypatch):
    finish(project)
    assert set_up.recorded(project, cards=False)
    assert not set_up.recorded(project, cards=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        (
            "Retrying after connection broken by 'NewConnectionError'\nERROR: none",
            "cannot be reached",
        ),
        (
            "error: Failed to fetch: https://index.example\n  cause: tcp connect error",
            "cannot be reached",
        ),
        (
            "error: No solution found\n  cause: Because there is no x==1",
            "Because there is no x==1 (check pip's settings (pip config list); more: log)",
        ),
        (
            "ERROR: one\nERROR: No matching distribution found for x==1\nlater",
            "No matching distrib",
        ),
        ("ERROR: it burns", "ERROR: it burns (more: log)"),
        (
            "ERROR: Cannot install pip and uv\nERROR: ResolutionImpossible: for help visit x",
            "Cannot install pip and uv (check pip's settings (pip config list); more: log)",
        ),
        (
            "Configuration file could not be loaded.\nfile: '/etc/pip.conf', line: 1\n'[global\\n'",
            "pip's settings (pip config list) cannot be read: Configuration file could not be",
        ),
        ("ERROR: [WinError 32] der Prozess kann nicht: c10.dll", "end JupyterLab"),
        ("error: failed to remove file: Zugriff verweigert (os error 5)", "end JupyterLab"),
        ("", "no message"),
    ],
)
def test_a_failed_command_becomes_one_line(words, said):
    line = set_up.explain(words, "log")
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_set_up_leaves_nothing_trusted(project, number):
    child = subprocess.Popen(
        [sys.executable, "set_up.py"],
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # As in a terminal, also where the tests themselves run in the background.
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    while "[2/5]" not in child.stdout.readline():
        assert child.poll() is None
    child.send_signal(number)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors.strip() == "set-up: stopped; run make again to start over"
    assert not set_up.trusted(project)


def test_make_stops_where_the_set_up_fails(project):
    (project / ".venv").mkdir()
    (project / ".venv/work.txt").write_text("precious")
    result = subprocess.run(
        ["make", "-s", "test", f"PYTHON={sys.executable}"],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert f"set-up: {project / '.venv'} is not an environment of the course" in result.stderr
    assert "No such file" not in result.stderr


def test_web_files_are_tried_and_what_is_amiss_is_said(project, capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    set_up.make_web_files(Path(sys.prefix), project, cards=False)
    assert "Visdom's web files" in capfd.readouterr().out
    assert not (project / "build" / "visdom").exists()
