"""Other doors: well-formed files, and a server that is told what `course lab` tells its own."""

import json
import subprocess
from pathlib import Path

import pytest
import zmq
from jupyter_client import KernelManager
from jupyter_server.serverapp import ServerApp
from jupyterlab.labapp import LabApp
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
    assert told["ServerApp"].pop("jpserver_extensions") == lab.EXTENSIONS
    for owner, settings in told.items():
        for trait, value in settings.items():
            assert f"--{owner}.{trait}={value}" in lab.arguments()


def test_a_server_reads_it_as_from_a_command_line(config):
    app, server = LabApp(config=config), ServerApp(config=config)
    assert app.news_url is None
    assert app.custom_css is True
    folder = Path(server.tornado_settings["static_custom_path"])
    assert (folder / "custom.css").is_file()


def test_who_starts_the_server_decides_where_it_listens_and_what_it_opens(config):
    assert set(config.ServerApp) == {"jpserver_extensions", "tornado_settings"}
    assert "default_url" not in config.LabApp


def overheard(config):
    """Return what anybody hears at the port to which a kernel prints while it prints a word."""
    manager = KernelManager(config=config)
    manager.start_kernel()
    try:
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        with zmq.Context() as context, context.socket(zmq.SUB) as ear:
            ear.connect(f"tcp://127.0.0.1:{manager.iopub_port}")
            ear.subscribe("")
            heard = []
            for _ in range(5):
                client.execute_interactive("print('between us')", timeout=60)
                while ear.poll(200):
                    heard += ear.recv_multipart()
        client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)
    return b"".join(heard)


@pytest.mark.heavy
def test_nobody_else_hears_a_kernel_and_would_without_encryption(config):
    assert overheard(config) == b""
    config.KernelManager.transport_encryption = "disabled"
    assert b"between us" in overheard(config)


def test_scripts_and_settings_are_well_formed():
    subprocess.run(["bash", "-n", str(ROOT / ".binder/postBuild")], check=True)
    text = (ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8")
    assert json.loads(text)["postCreateCommand"] == "make set-up"
