"""Other doors: well-formed files, and a server that is told what `course lab` tells its own."""

import json
import subprocess

import pytest
from traitlets.config import PyFileConfigLoader

from course_utils import ROOT
from course_utils.machine import lab


@pytest.fixture
def config(monkeypatch):
    monkeypatch.setenv("COURSE_WARM_KERNELS", "0")
    monkeypatch.setenv("PATH", "/bin")
    return PyFileConfigLoader("jupyter_server_config.py", path=str(ROOT / "deploy")).load_config()


def test_a_server_is_told_what_course_lab_tells_its_own(config):
    told = {name: dict(settings) for name, settings in config.items()}
    assert told.pop("ServerApp")["jpserver_extensions"] == lab.EXTENSIONS
    assert told["LabApp"]["news_url"] is None
    for owner, settings in told.items():
        for trait, value in settings.items():
            assert f"--{owner}.{trait}={value}" in lab.arguments()


def test_who_starts_the_server_decides_where_it_listens_and_what_it_opens(config):
    assert set(config.ServerApp) == {"jpserver_extensions"}
    assert "default_url" not in config.LabApp


def test_scripts_and_settings_are_well_formed():
    subprocess.run(["bash", "-n", str(ROOT / ".binder/postBuild")], check=True)
    text = (ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8")
    assert json.loads(text)["postCreateCommand"] == "make set-up"
