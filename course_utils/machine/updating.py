"""`course update`: the next release of the course, and all that the learner wrote is still there.

What the learner wrote stays where it is. Where the release changed the same notebook, its new
version is laid beside it. Nothing is merged, so there is no conflict to solve.
"""

import itertools
import os
import shutil
from pathlib import Path

from course_utils import ROOT, SET_UP, CourseError, notebooks
from course_utils.machine.versions import git, released, same_source

KEPT = Path("build", "update")
"""Copies of the learner's files, while an update is under way; one that is found there later is of
an update that was interrupted, and is put back."""

INTERRUPTED = Path("build", "interrupted")
WHO = {"NAME": "A learner", "EMAIL": "learner@localhost"}


def update(root: Path = ROOT) -> list[str]:
    """Bring the course's newest release; return a line for each thing that the learner should know.

    Raises CourseError where this is no clone, no newer release can be fetched, or git is in the
    middle of something that only its user can end.
    """
    try:
        top = git(root, "rev-parse", "--show-toplevel").strip()
        if Path(top).resolve() != root.resolve():
            raise CourseError(f"its repository is {top}")
        lines = [*_put_back(root), *_end_interrupted_merge(root)]
        followed = git(root, "rev-parse", "--abbrev-ref", "@{upstream}").strip()
    except CourseError as error:
        raise CourseError(f"nothing is updated: {error}") from error
    git(root, "fetch", "--quiet")
    old, target = (git(root, "rev-parse", name).strip() for name in ("HEAD", followed))
    base = git(root, "merge-base", old, target).strip()
    if base == target:
        return [*lines, "the course is up to date"]
    _keep(root, base, target)
    try:
        _clear(root, target)
        git(root, "reset", "--quiet", "--keep", target if base == old else _joined(root, target))
    finally:
        lines += _put_back(root)
    count = len(_names(git(root, "diff", "--name-only", "-z", "--no-renames", base, target)))
    return [f"updated: {count} files are new or changed; `{SET_UP}` brings the rest", *lines]


def _end_interrupted_merge(root: Path) -> list[str]:
    """Take back a merge that stopped at conflicts; the files with its marks are kept aside."""
    unmerged = _names(git(root, "diff", "--name-only", "-z", "--diff-filter=U"))
    folder = Path(root, git(root, "rev-parse", "--git-dir").strip())
    if not (folder / "MERGE_HEAD").exists():
        if unmerged or any((folder / name).exists() for name in ("rebase-merge", "rebase-apply")):
            raise CourseError(
                "git is in the middle of something here: `git status` says how to end it or take "
                "it back; then run `course update` again"
            )
        return []
    for place in unmerged:
        if (root / place).exists():
            _copy(root / place, root / INTERRUPTED / place)
    git(root, "merge", "--abort")
    aside = f"; what had marks of it lies in {INTERRUPTED.as_posix()}/" if unmerged else ""
    return [f"a merge that had stopped was taken back{aside}"]


def _keep(root: Path, base: str, target: str) -> None:
    """Copy what the learner wrote: also what is committed, or git does not know and would meet."""
    changed = _names(git(root, "diff", "--name-only", "-z", "--no-renames", base))
    unknown = _names(git(root, "ls-files", "--others", "--exclude-standard", "-z"))
    met = _files(root, target)
    unknown = [place for place in unknown if place in met]
    (root / KEPT).mkdir(parents=True)
    (root / KEPT / "base").write_text(base)
    for place in sorted({*changed, *unknown}):
        if (root / place).is_file() and _is_own(root, place, base, target):
            _copy(root / place, root / KEPT / "files" / place)


def _is_own(root: Path, place: str, *versions: str) -> bool:
    """Say whether a file is neither of these versions; a notebook's outputs do not count."""
    if place.endswith(".ipynb"):
        try:
            there = notebooks.read(root / place)
        except CourseError:
            return True
        known = [released(root, place, version) for version in versions]
        return not any(notebook and same_source(there, notebook) for notebook in known)
    hashed = git(root, "hash-object", "--", place).strip()
    return hashed not in [_files(root, version).get(place) for version in versions]


def _clear(root: Path, target: str) -> None:
    """Bring all files to what HEAD has, so that git can take the step to another version."""
    git(root, "reset", "--quiet")
    changed = git(root, "diff", "--name-only", "-z", "--no-renames", "HEAD")
    if changed:
        options = ("--pathspec-from-file=-", "--pathspec-file-nul")
        given = changed.encode(errors="surrogateescape")
        git(root, "checkout", "--quiet", "HEAD", *options, input=given)
    met = _files(root, target)
    for place in _names(git(root, "ls-files", "--others", "--exclude-standard", "-z")):
        if place in met:
            (root / place).unlink()


def _joined(root: Path, target: str) -> str:
    """Commit the release on top of the learner's own commits, which stay in the history."""
    known = {f"GIT_{role}_{key}": WHO[key] for role in ("AUTHOR", "COMMITTER") for key in WHO}
    parents = ("-p", "HEAD", "-p", target)
    message = ("-m", "A new release of the course")
    words = ("commit-tree", f"{target}^{{tree}}", *parents, *message)
    return git(root, *words, env=known | os.environ).strip()


def _put_back(root: Path) -> list[str]:
    """Put back what was kept; say of each file that the release changed too where which lies."""
    if not (root / KEPT).exists():
        return []
    files, lines = root / KEPT / "files", []
    base = (root / KEPT / "base").read_text() if (root / KEPT / "base").exists() else "HEAD"
    before, here = _files(root, base), _files(root, "HEAD")
    for kept in sorted(path for path in files.rglob("*") if path.is_file()):
        old = kept.relative_to(files).as_posix()
        new = _place_now(old, here)
        changed = new in here and here[new] != before.get(old)
        written_since = (root / new).is_file() and _is_own(root, new, "HEAD")
        if (kept.suffix != ".ipynb" and changed) or written_since:
            if kept.read_bytes() != (root / new).read_bytes():
                beside = _beside(root / new, "yours", kept.read_bytes())
                lines.append(f"{new}: a version of yours lies beside it, {beside}")
            continue
        if new in before and new not in here:
            lines.append(f"{new}: yours is kept; this release has no such file any more")
        if changed:
            there = git(root, "cat-file", "blob", f"HEAD:{new}")
            beside = _beside(root / new, "new", there.encode(errors="surrogateescape"))
            lines.append(f"{new}: yours is kept; the new version lies beside it, {beside}")
        _copy(kept, root / new)
    shutil.rmtree(root / KEPT)
    return lines


def _place_now(place: str, here: dict[str, str]) -> str:
    """Return where a file belongs in this version: a lesson that got another number has moved."""
    path = Path(place)
    if place in here or path.suffix != ".ipynb":
        return place
    moved = [
        other
        for other in here
        if other.endswith(".ipynb")
        and Path(other).parts[0] == path.parts[0]
        and notebooks.name_of(Path(other)) == notebooks.name_of(path)
    ]
    return moved[0] if moved else place


def _beside(path: Path, word: str, content: bytes) -> str:
    """Write a version of a file beside it, never over another one; return its name."""
    for number in itertools.count(1):
        ending = word if number == 1 else f"{word}-{number}"
        other = path.with_name(f"{path.stem}.{ending}{path.suffix}")
        if not other.exists():
            other.write_bytes(content)
        if other.read_bytes() == content:
            break
    return other.name


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, to)


def _files(root: Path, version: str) -> dict[str, str]:
    """Return the files of a version: place to the hash of its content."""
    rows = _names(git(root, "ls-tree", "-r", "-z", version))
    return {place: row.split()[2] for row, _, place in (row.partition("\t") for row in rows)}


def _names(listed: str) -> list[str]:
    return [name for name in listed.split("\0") if name]
