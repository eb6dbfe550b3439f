"""What the scripts beside this file share; Python 3.9 and 3.11 both read it.

A script asks one claim's question in the environment that runs it and prints one line of JSON:
`truths` by name, which earn the claim's verdict, `counts`, which explain it, and `refusals`.
"""

import ast
import contextlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.error
import urllib.request
import warnings

os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"})
warnings.simplefilter("ignore")
refusals = set()


def answer(truths, **more):
    """Print what was found; truths are made of Python's own booleans."""
    truths = {name: bool(truth) for name, truth in truths.items()}
    print(json.dumps({"truths": truths, "refusals": sorted(refusals), **more}))


def works(function, *arguments):
    """Say whether a call goes through; the reason of a refusal is told on stderr."""
    try:
        function(*arguments)
    except Exception as error:
        refusals.add(f"{function.__name__}: {type(error).__name__}")
        print(f"{function.__name__}: {type(error).__name__}: {error}"[:300], file=sys.stderr)
        return False
    return True


def statements(function):
    """Count a function's statements, without its `def` and its docstring."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return len(found) - 1 - (ast.get_docstring(tree.body[0]) is not None)


def one_torch():
    """Return PyTorch, held to one thread."""
    import torch

    torch.set_num_threads(1)
    return torch


def one_tf():
    """Return TensorFlow, held to one thread; before its first operation."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return tf


def one_thread():
    """Return both, each held to one thread."""
    return one_torch(), one_tf()


def alone(code):
    """Run code in a process that knows none of these scripts; return its last line, or nothing."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tempfile.mkdtemp(), **streams)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1][:300], file=sys.stderr)
        return None
    return done.stdout.strip().splitlines()[-1]


HELD = "next(int(line.split()[1]) for line in open('/proc/self/status') if 'VmRSS' in line) / 1024"
"""The megabytes that a process holds, in Python for one that knows none of these scripts."""


def megabytes(process):
    """Return the memory that a process holds, shared pages counted in."""
    with open(f"/proc/{process}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


class Server:
    """A server in a process of its own, on a free port of this machine, until the block ends."""

    def __init__(self, command):
        import socket

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = tempfile.TemporaryFile()  # noqa: SIM115
        command = [part.format(port=self.port) for part in command]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def __enter__(self):
        for _ in range(400):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                with contextlib.suppress(urllib.error.HTTPError):
                    self.get("/")  # that it answers is enough: Visdom's page of now is refused
                return self
            time.sleep(0.5)
        self.__exit__()
        raise RuntimeError("the server does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def get(self, path):
        """Return what stands at a path, as text."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as page:
            return page.read().decode()


def tensorboard(folder):
    """Start TensorBoard on a folder of records."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", folder, "--port", "{port}"]
    return Server([*command, "--reload_interval", "1"])


def plugins(server, wanted, tries=60):
    """Return what TensorBoard's server lists, and which of it has something to show.

    It reads its folder anew every second, so it is asked until `wanted` are there.
    """
    for _ in range(tries):
        listed = json.loads(server.get("/data/plugins_listing"))
        enabled = {name for name, own in listed.items() if own["enabled"]}
        if wanted <= enabled:
            break
        time.sleep(0.5)
    return listed, enabled


def visdom_server(web_files=""):
    """Start Visdom's server without its command, which fetches web files and dies without them.

    Then `visdom.server` was one module; now it is a package, and the function lies deeper. Where
    `web_files` names a folder, the page of then is served from there.
    """
    code = (
        "import tempfile, importlib, visdom.server as s\n"
        f"if {web_files!r}: s.tornado_settings.update(static_path={web_files!r},"
        f" template_path={web_files!r})\n"
        "if not hasattr(s, 'start_server'):\n"
        "    s = importlib.import_module('visdom.server.run_server')\n"
        "s.start_server(port={port}, base_url='', env_path=tempfile.mkdtemp() + '/')"
    )
    return Server([sys.executable, "-c", code])


def client(server):
    """Return a client of Visdom's."""
    import visdom

    return visdom.Visdom(port=server.port, use_incoming_socket=False, raise_exceptions=True)
