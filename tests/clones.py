"""A release of a small course in a git repository, and a learner's clone of it."""

import os
import subprocess

import nbformat
from small_course import make_course

from course_utils import ROOT, authoring, notebooks

WHO = {"NAME": "A Teacher", "EMAIL": "teacher@example.org"}
IGNORED = (ROOT / ".gitignore").read_text() + "jupyter/\nprogress.json*\n"


def git(folder, *words):
    """Run git as it is without a user's own settings; return what it prints."""
    done = subprocess.run(
        ["git", "-C", folder, *words], capture_output=True, text=True, check=False, env=settings()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def settings():
    own = {f"GIT_{role}_{key}": WHO[key] for role in ("AUTHOR", "COMMITTER") for key in WHO}
    return os.environ | own | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def publish(course, message="A release"):
    """Generate what is generated, and commit all."""
    authoring.write_headers(root=course)
    authoring.write_exercises(root=course)
    git(course, "add", "--all")
    git(course, "commit", "--quiet", "--message", message)


def released_course(folder, parts):
    """Make a course with stored outputs, and publish it."""
    course = make_course(folder / "released", parts)
    (course / ".gitignore").write_text(IGNORED)
    for path in notebooks.notebook_paths("notebooks", course):
        notebook = notebooks.read(path)
        notebook.cells[1].execution_count = 1
        notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="stored\n")]
        notebooks.tidy(notebook)
        path.write_text(notebooks.as_text(notebook))
    git(course, "init", "--quiet", "--initial-branch", "main")
    publish(course)
    return course


def clone(course, folder):
    """Return a learner's clone of a released course."""
    git(folder, "clone", "--quiet", course, folder / "own")
    return folder / "own"


def changes(folder):
    """Return git's short status."""
    return git(folder, "status", "--porcelain").splitlines()


def edit(path, number, source):
    """Write a source into a cell of a notebook, as an editor that keeps the rest."""
    notebook = notebooks.read(path)
    notebook.cells[number].source = source
    path.write_text(notebooks.as_text(notebook))
