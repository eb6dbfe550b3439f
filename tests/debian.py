"""A Debian made by debootstrap, in which the container's lines are run as they stand."""

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import browser
import psutil

from course_utils import ROOT

# What reaches the network here reaches it there: names, certificates, and where packages come from.
OF_THIS_MACHINE = ["etc/resolv.conf", "usr/local/share/ca-certificates", "etc/pip.conf"]
OF_THIS_MACHINE += ["etc/xdg/pip", "root/.config/pip", "root/.npmrc", "opt"]
ENTER = """
mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount -t tmpfs tmpfs "$0/tmp" &&
{ [ ! -d /opt ] || mount --bind /opt "$0/opt"; } && exec chroot "$0" "$@"
"""


def missing() -> str:
    """Say why no Debian can be made here; empty where one can."""
    if os.name == "nt" or os.getuid() != 0:
        return "only root can make a Debian of its own"
    lacking = [name for name in ("debootstrap", "unshare", "setpriv") if not shutil.which(name)]
    return f"`apt-get install {lacking[0]}` is needed to make a Debian" if lacking else ""


def instructions(dockerfile: Path = ROOT / "deploy/Dockerfile") -> list[tuple[str, str]]:
    """Read a Dockerfile's instructions, each with what follows it."""
    text = dockerfile.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


class Debian:
    """A root folder, and what the instructions so far have said of later ones."""

    def __init__(self, root: Path):
        self.root, self.folder, self.user = root, "/", "root"
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.command: list[str] = []
        kept = [
            name for name in os.environ if name.startswith(("PIP_", "SSL_CERT_", "NODE_EXTRA_"))
        ]
        self.environment |= {name: os.environ[name] for name in kept}

    def argv(
        self, command: list[str], user: str = "", folder: str = "", beside: int = 0
    ) -> list[str]:
        """Return the command that runs another one inside, as one of its users.

        It sees no other process, or those that the process `beside` sees.
        """
        user = user or self.user
        home = "/root" if user == "root" else f"/home/{user}"
        pairs = [f"{k}={v}" for k, v in (self.environment | {"HOME": home}).items()]
        inside = ["/usr/bin/env", "-i", f"--chdir={folder or self.folder}", *pairs, *command]
        if user != "root":
            change = [f"--reuid={user}", f"--regid={user}", "--init-groups"]
            inside = ["/usr/bin/setpriv", *change, *inside]
        if beside:
            return [
                "nsenter",
                f"--target={beside}",
                "--mount",
                "--pid",
                "chroot",
                str(self.root),
                *inside,
            ]
        # The namespaces end with the first process in them, and what it started ends with them.
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*own, "sh", "-c", ENTER, str(self.root), *inside]

    def run(self, command: str, user: str = "", folder: str = "", seconds: float = 900) -> str:
        """Run a shell's line inside; an AssertionError has the end of what it printed."""
        argv = self.argv(["/bin/sh", "-c", command], user, folder)
        pipe, same = subprocess.PIPE, subprocess.STDOUT
        done = subprocess.run(argv, stdout=pipe, stderr=same, text=True, timeout=seconds)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}"
        return done.stdout

    def follow(self, name: str, value: str) -> None:
        """Do what one instruction of a Dockerfile says."""
        if name == "FROM":
            suite = re.fullmatch(r"debian:(\w+)-slim", value).group(1)
            command = ["debootstrap", "--variant=minbase", suite, str(self.root)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            self.root.chmod(0o755)
            self._bring()
        elif name == "RUN":
            self.run(value)
        elif name == "WORKDIR":
            self.folder = value
            (self.root / value.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            assert value == ". .", f"only the whole course is copied here, not {value}"
            self._copy_course()
        elif name == "ENV":
            for pair in shlex.split(value):
                key, _, new = pair.partition("=")
                self.environment[key] = new.replace("$PATH", self.environment["PATH"])
        elif name == "USER":
            self.user = value
        elif name == "CMD":
            self.command = json.loads(value)
        else:
            assert name == "VOLUME", f"nobody wrote what {name} does"

    def _bring(self) -> None:
        for name in OF_THIS_MACHINE:
            source, target = Path("/", name), self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if name == "opt":
                target.mkdir(exist_ok=True)
            elif source.is_dir():
                shutil.copytree(source, target)
            elif source.exists():
                shutil.copy(source, target)

    def _copy_course(self) -> None:
        target = self.root / self.folder.lstrip("/")
        command = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(target)]
        subprocess.run(command, check=True)


@contextlib.contextmanager
def process(argv: list[str], log: Path):
    """Run a server until the block ends; then end it, and all that it started."""
    with log.open("w") as output:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            yield child
        finally:
            # unshare's --kill-child is lost where the child then becomes another user.
            running = child.poll() is None
            inside = psutil.Process(child.pid).children(recursive=True) if running else []
            browser.end(child, 20)
            for left in psutil.wait_procs(inside, timeout=5)[1]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    left.kill()
                    left.wait(20)
