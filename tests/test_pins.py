"""pyproject.toml, constraints.txt, environment.yml, README.md and this environment agree."""

import importlib.metadata
import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from course_utils import ROOT
from course_utils.machine import doctor

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [
    Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
]
CONDA_NAMES = {"pytorch": "torch"}


def test_every_direct_dependency_is_pinned_inside_its_range():
    pins = doctor.pins()
    for requirement in DIRECT:
        assert requirement.specifier.contains(pins[requirement.name]), requirement


def test_what_the_course_is_about_is_among_them():
    wanted = {"jupyterlab", "torch", "tensorflow", "tensorboard", "visdom", "nbval", "matplotlib"}
    assert wanted <= {requirement.name for requirement in DIRECT}


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-cards.txt"])
def test_constraints_give_one_version_each(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    names = [Requirement(line).name for line in lines if line and not line.startswith("#")]
    assert len(names) == len(set(names))
    assert all(
        re.search(r"==[\w.+]+( ;|$)", line) for line in lines if line and not line.startswith("#")
    )


def test_the_releases_for_cards_are_made_for_one_cuda():
    pins = doctor.pins(ROOT / "constraints-cards.txt")
    for requirement in map(Requirement, PROJECT["optional-dependencies"]["cards"]):
        assert requirement.specifier.contains(pins[requirement.name]), requirement
    made_for = {name.rpartition("-cu")[2] for name in pins if name.startswith("nvidia-")}
    assert made_for == {"12"}


def test_conda_s_environment_has_the_same_packages_at_the_same_versions():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pinned = dict(entry.split("=") for entry in entries if isinstance(entry, str) and "=" in entry)
    python = pinned.pop("python")
    assert python in PROJECT["requires-python"]
    versions = {CONDA_NAMES.get(name, name): version for name, version in pinned.items()}
    pins = doctor.pins()
    assert versions == {requirement.name: pins[requirement.name] for requirement in DIRECT}


def test_this_environment_is_what_the_constraints_say():
    pins = doctor.pins()
    for requirement in DIRECT:
        version = Version(importlib.metadata.version(requirement.name))
        assert version.public == pins[requirement.name], requirement.name


def test_the_readme_names_the_same_pythons_versions_and_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    oldest, newest = re.search(r"Python (3\.\d+) to (3\.\d+)", text).groups()
    end = f"3.{int(newest.split('.')[1]) + 1}"
    assert PROJECT["requires-python"] == f">={oldest},<{end}"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) | {"lab", "test"} <= targets
    pins = doctor.pins()
    names = {
        "PyTorch": "torch",
        "TensorFlow": "tensorflow",
        "Keras": "keras",
        "JupyterLab": "jupyterlab",
    }
    for title, name in names.items():
        (version,) = re.findall(rf"{title} (\d+\.\d+)(?:\.\d+)?\b", text)
        assert pins[name].startswith(f"{version}."), f"README: {title} {version}"


def test_the_set_up_knows_the_same_pythons():
    text = (ROOT / "set_up.py").read_text(encoding="utf-8")
    oldest, newest = re.search(r"OLDEST, NEWEST = \(3, (\d+)\), \(3, (\d+)\)", text).groups()
    assert PROJECT["requires-python"] == f">=3.{oldest},<3.{int(newest) + 1}"
