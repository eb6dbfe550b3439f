"""A small exercise, and what honest, clumsy and hostile students hand in for it."""

import json

import classroom
import nbformat
from small_course import graded

NAMES = ("one", "two", "three")


def solution():
    """An exercise of three tasks that cost nothing: n times a number."""
    cells = [nbformat.v4.new_code_cell("import os, sys, time", id="imports")]
    for n, name in enumerate(NAMES, 1):
        task = f"small-{n}"
        answer = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return {n} * x\n    ### END SOLUTION"
        check = f'from course_utils import tasks\n\nwith tasks.check("{task}"):\n'
        for value in (2, 5):
            check += f'    tasks.close({name}({value}), {n * value}, "{name}({value})")\n'
        cells += [graded(task, answer, False), graded(task, check, True)]
    return nbformat.v4.new_notebook(cells=cells)


def answered(source, own=""):
    """A submission with this answer to the second task, and a cell of the student's own before."""
    notebook = json.loads(json.dumps(solution()))
    classroom.put(notebook, "small-2-answer", source)
    return classroom.before(notebook, "small-2-answer", own) if own else notebook


RIGHT = "def two(x):\n    return 2 * x"
WRONG = "def two(x):\n    return 3 * x"
# PyTorch replaces methods of its modules for it.
COMPILES = "import torch\ntorch.compile(lambda x: x + 1, backend='eager')(torch.ones(2))"
REACH = """
def reached(name, act):
    try:
        print("LEAK", name, act())
    except Exception as error:
        print("refused", name, type(error).__name__)
"""

# What a student does, and the outcome of the second task; the other two stay right.
SOURCES = {
    "honest": (RIGHT, "", "ok"),
    "wrong": (WRONG, "", "wrong"),
    "warning": ("import warnings\nwarnings.warn('careful')\n" + RIGHT, COMPILES, "ok"),
    "syntax": ("def two(x)\n    return 2 * x", "", "wrong"),
    "asks": (RIGHT, "input('your name? ')", "ok"),
    "long_line": (RIGHT, "print('x' * 50_000_000)", "ok"),
    "loop": (
        RIGHT + "\nimport signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "",
        "timeout",
    ),
    "endless_print": (RIGHT + "\nwhile True: print('x' * 1000)", "", "timeout"),
    "exits": (RIGHT + "\nos._exit(0)", "", "crashed"),
    "exits_in_check": ("def two(x):\n    os._exit(0)", "", "crashed"),
    "segfault": ("import ctypes\nctypes.string_at(0)", "", "crashed"),
    "memory": ("held = bytearray(3 * 2**30)\n" + RIGHT, "", "wrong"),
    "six_processes": (
        RIGHT
        + "\nfor _ in range(6):\n    if os.fork() == 0:\n        held = b'x' * (400 * 2**20)\n"
        "        time.sleep(60)\ntime.sleep(60)",
        "",
        "crashed",
    ),
    "many_processes": (
        RIGHT + "\nfor n in range(400):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        time.sleep(120)\n        os._exit(0)",
        "",
        "wrong crashed timeout",
    ),
    "disk": (
        RIGHT,
        REACH + "for place in ['/tmp', '/tmp/home', '/dev/shm', '/', '/dev', '/var/tmp', '/usr']:\n"
        "    reached(place, lambda: [open(f'{place}/{n}', 'wb').write(bytes(2**20)) "
        "for n in range(200)][0])",
        "ok",
    ),
    "network": (
        RIGHT,
        REACH + "import socket\n"
        "reached('net', lambda: socket.create_connection(('1.1.1.1', 53), 3))\n"
        "reached('name', lambda: socket.getaddrinfo('example.org', 80))\n"
        "reached('udp', lambda: socket.socket(type=socket.SOCK_DGRAM)"
        ".sendto(b'x', ('192.0.2.1', 9)))\n"
        "reached('ipv6', lambda: socket.create_connection(('2001:db8::1', 53), 3))\n"
        "reached('host', lambda: socket.create_connection(('127.0.0.1', PORT), 3))\n"
        "for path in SOCKETS:\n"
        "    reached('preload', lambda: socket.socket(socket.AF_UNIX).connect(path))\n"
        "    reached('preload', lambda: socket.socket(socket.AF_UNIX).connect('\\0' + path))\n"
        "reached('abstract', lambda: socket.socket(socket.AF_UNIX).connect('\\0ABSTRACT'))\n"
        "reached('kill', lambda: os.kill(GRADER, 0))\n"
        "import ctypes\n"
        "reached('namespaces', lambda: 1 / (ctypes.CDLL(None).unshare(0x10000000) + 1))",
        "ok",
    ),
    "reads": (
        RIGHT,
        REACH
        + "for path in PATHS:\n    reached(path, lambda: open(path).read() if os.path.isfile(path)"
        "\n"
        "        else os.listdir(path) or 'empty')\n"
        "reached('secret', lambda: os.environ['SECRET'])\n"
        "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    reached(f'environment of {pid}', "
        "lambda: open(f'/proc/{pid}/environ').read().index('SECRET'))",
        "ok",
    ),
    "descriptors": (
        RIGHT,
        REACH + "import ctypes, signal\nlibc = ctypes.CDLL(None)\n"
        "for n in sorted(map(int, os.listdir('/proc/self/fd'))):\n"
        "    try:\n        to = os.readlink(f'/proc/self/fd/{n}')\n"
        "    except OSError:\n        continue\n"
        "    if to.startswith('/') and not to.startswith(('/dev/', '/tmp/', '/memfd')):\n"
        "        print('LEAK', to)\n"
        "    if 'pidfd' in to:\n"
        "        reached('process', lambda: signal.pidfd_send_signal(n, 0))\n"
        "        reached('its files', lambda: 1 / (libc.syscall(438, n, 1, 0) + 1))\n"
        "for name in ('mem', 'root/etc/passwd', 'root/root', 'cwd/etc'):\n"
        "    reached(name, lambda: open(f'/proc/1/{name}', 'rb').read(1))\n"
        "reached('more than a path', "
        "lambda: open('/proc/1/environ').read().rstrip('\\0').index('\\0'))\n"
        "reached('key', lambda: open('/tmp/ipc/connection.json').read())",
        "ok",
    ),
    "floods": (
        RIGHT,
        "text = 'x' * 40_000_000\nfor _ in range(60):\n    display({'text/plain': text}, raw=True)",
        "ok",
    ),
    "longer_line": (RIGHT, "print('x' * 100_000_000)", "ok"),
    "floods_raw": (
        RIGHT,
        "kernel = get_ipython().kernel\nraw = bytes(100 * 2**20)\nfor _ in range(200):\n"
        "    kernel.session.send(kernel.iopub_socket, 'stream', {'name': 'stdout', 'text': '1'},\n"
        "        parent=kernel.get_parent('shell'), buffers=[raw] * 3)",
        "ok",
    ),
    "strange_messages": (
        RIGHT,
        "kernel = get_ipython().kernel\nheader = kernel.get_parent('shell')['header']\n"
        "for parent in ({'header': 'x'}, {'header': [header]}, {'header': header}):\n"
        "    for kind in ('status', 'stream', 'error', 'comm_open', 'clear_output', 'x' * 1000):\n"
        "        for content in ({}, {'execution_state': []}, {'text': 1, 'name': {}}):\n"
        "            kernel.session.send(kernel.iopub_socket, kind, content, parent=parent)",
        "ok crashed tampered",
    ),
    "patches": (
        WRONG,
        "from course_utils import tasks\ntasks.close = lambda *a, **k: None",
        "wrong",
    ),
    "patches_late": (
        "def two(x):\n    import course_utils.tasks as t\n    t.close = lambda *a, **k: None\n"
        "    return 4",
        "",
        "tampered",
    ),
    "false_export": (
        "import numpy as np\nright = np.isclose\ndef put(module, function):\n"
        "    module.isclose = function\ndef fake(*a, **k):\n    put(np, right)\n"
        "    return np.array(True)\nclass Export:\n    _override_builtin_ops = put\n"
        "put.__wrapped__ = put\nsys.modules['torch._export.non_strict_utils'] = Export\n"
        "def two(x):\n    put(np, fake)\n    return 0",
        "",
        "tampered",
    ),
    "hooks": (
        WRONG,
        "ip = get_ipython()\nip.input_transformers_post.append(\n"
        "    lambda lines: ['print(1)\\n'] if any('small-2' in l for l in lines) else lines)",
        "wrong",
    ),
    "hides_errors": (
        "def two(x):\n    get_ipython().showtraceback = lambda *a, **k: None\n    return 0",
        "",
        "wrong",
    ),
    "spoofs": (
        "class Any:\n    def __eq__(self, other):\n        return True\n"
        "    def __array__(self, *a, **k):\n        return sys._getframe(3).f_locals\n"
        "def two(x):\n    return Any()",
        "",
        "wrong",
    ),
    "forges": (
        WRONG,
        "from IPython.display import HTML, Markdown, SVG, display\n"
        "for kind in (HTML, Markdown):\n"
        "    display(kind('<script src=//evil.example/a.js></script><img src=x onerror=alert(1)>'\n"
        "        '<iframe src=//evil.example></iframe>'\n"
        "        '<b style=\"background:url(//evil.example)\">'))\n"
        "display({'text/html': '<img src=\"data:image/png;base64,QUJD\" onload=alert(1)>',\n"
        "    'image/png': 'QUJD\"><script>',\n"
        "    'text/plain': '</pre><script>hello</script>'}, raw=True)",
        "wrong",
    ),
}

# The twenty that every `make test` grades, with those that handed in no notebook of these.
QUICK = ("honest", "wrong", "warning", "syntax", "asks", "loop", "exits_in_check", "network")
QUICK += ("reads", "patches_late", "hooks", "hides_errors", "spoofs", "forges")

DONE = "display({'text/plain': 'Done, task small-2.'}, raw=True)"
# What a student tries who wants the point for a wrong answer: none is taken without a word.
TRICKS = {
    "isclose": (WRONG, "import numpy as np\nnp.isclose = lambda *a, **k: np.array(True)"),
    "below_isclose": (
        WRONG,
        "import numpy as np, numpy._core.numeric as n\n"
        "n.less_equal = lambda a, b: np.ones_like(a, bool)",
    ),
    "code_of_isclose": (
        WRONG,
        "import numpy as np\nf = lambda *a, **k: True\n"
        "getattr(np.isclose, '_implemen' + 'tation').__code__ = f.__code__",
    ),
    "allclose": (WRONG, "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True"),
    "isinstance": (WRONG, "import builtins\nbuiltins.isinstance = lambda *a: True"),
    "own_bool": (WRONG, "def bool(x): return True\ndef isinstance(*a): return True"),
    "modules": (
        WRONG,
        "import sys, types\nfake = types.ModuleType('course_utils.tasks')\n"
        "fake.check = __import__('contextlib').nullcontext\nfake.close = print\n"
        "sys.modules['course_utils.tasks'] = fake\nsys.modules['course_utils'].tasks = fake",
    ),
    "class_of_package": (
        WRONG,
        "import contextlib, course_utils, types\nclass Fake:\n    close = print\n"
        "    @contextlib.contextmanager\n    def check(task):\n        yield\n        "
        + DONE
        + "\nclass M(types.ModuleType):\n"
        "    tasks = property(lambda s: Fake, lambda s, v: None)\ncourse_utils.__class__ = M",
    ),
    "path_of_package": (
        WRONG,
        "import course_utils\nos.makedirs('/tmp/home/fake')\n"
        "open('/tmp/home/fake/tasks.py', 'w').write('import contextlib\\nclose = print\\n'\n"
        "    'def check(task): return contextlib.nullcontext()')\n"
        "course_utils.__path__.insert(0, '/tmp/home/fake')",
    ),
    "finder": (
        WRONG,
        "import importlib.machinery\n"
        "importlib.machinery.SourceFileLoader.get_data = lambda s, p: b'close = print'",
    ),
    "garbage": (
        "import gc\ndef two(x):\n    for one in gc.get_objects():\n"
        "        if type(one) is dict and 'reference' in one:\n            return one\n"
        "    return 0",
        "",
    ),
    "frames": (
        "def two(x):\n    constants = sys._getframe(1).f_code.co_consts\n"
        "    return constants[constants.index(x) + 1]",
        "",
    ),
    "frame_of_error": (
        "def two(x):\n    try:\n        1 / 0\n    except ZeroDivisionError as error:\n"
        "        back = error.__traceback__.tb_frame.f_back\n"
        "    back.f_globals['tasks'].close = lambda *a, **k: None\n    return 0",
        "",
    ),
    "jumps": (
        "def two(x):\n    def follow(frame, event, argument):\n        return follow\n"
        "    sys.settrace(follow)\n    return 0",
        "",
    ),
    "thread": (
        WRONG,
        "import threading\ndef late():\n    while True:\n        time.sleep(0.01)\n        "
        + DONE
        + "\nthreading.Thread(target=late, daemon=True).start()",
    ),
    "thread_patches": (
        WRONG,
        "import threading, course_utils\ndef late():\n    while True:\n"
        "        course_utils.tasks.close = lambda *a, **k: None\n"
        "threading.Thread(target=late, daemon=True).start()",
    ),
    "at_exit": (WRONG, f"import atexit\natexit.register(lambda: {DONE})"),
    "writes": (
        WRONG,
        "import pathlib\nfor place in ('COURSE/solutions', 'COURSE/course_utils', '/usr'):\n"
        "    try:\n        pathlib.Path(place, 'x').write_text('x')\n"
        "    except OSError as error:\n        print(error)",
    ),
    "fake_done": (f"def two(x):\n    {DONE}\n    return 3 * x", ""),
    "quits": (f"def two(x):\n    import bdb\n    {DONE}\n    raise bdb.BdbQuit", ""),
    "system_exit": (f"def two(x):\n    {DONE}\n    raise SystemExit(0)", ""),
    "generator_exit": (f"def two(x):\n    {DONE}\n    raise GeneratorExit", ""),
    "torch_function": (
        "import torch\nclass T(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, f, types, args=(), kwargs=None):\n"
        "        return args[0]\ndef two(x):\n    return torch.ones(()).as_subclass(T)",
        "",
    ),
    "compares": (
        "class Any(float):\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0\n"
        "    def __rsub__(s, o): return 0\n    def __abs__(s): return 0\n"
        "def two(x):\n    return Any(7)",
        "",
    ),
    "transforms": (
        WRONG,
        "import ast\nclass Off(ast.NodeTransformer):\n    def visit_With(self, node):\n"
        "        node.body = [ast.Pass()]\n        return node\n"
        "get_ipython().ast_transformers.append(Off())",
    ),
    "before_cells": (
        WRONG,
        "def off(*a):\n    import course_utils.tasks as t\n    t.close = lambda *a, **k: None\n"
        "get_ipython().events.register('pre_run_cell', off)",
    ),
    "runs_own_check": (
        "def two(x):\n    get_ipython().run_cell(" + repr(DONE) + ")\n    return 3 * x",
        "",
    ),
    "forks": (
        "def two(x):\n    for guess in range(20):\n        if os.fork() == 0:\n"
        "            return guess\n        os.wait()\n    return 0",
        "",
    ),
    "scores": (
        WRONG,
        'print(\'{"nbgrader": {"grade": true, "points": 99, "score": 99}}\')\n'
        "display({'text/plain': '9', 'application/vnd.nbgrader+json': {'score': 99}}, raw=True)",
    ),
    "results_that_end_well": (
        "def two(x):\n    from IPython.core import interactiveshell as i\n"
        "    i.ExecutionResult.error_in_exec = property(lambda s: None, lambda s, v: None)\n"
        "    get_ipython()._showtraceback = lambda *a: None\n    " + DONE + "\n    return 0",
        "",
    ),
    "restores": (
        "import numpy as np\nright = np.isclose\ndef put(module, function):\n"
        "    module.isclose = function\ndef fake(*a, **k):\n    put(np, right)\n"
        "    return np.array(True)\ndef two(x):\n    put(np, fake)\n    return 0",
        "",
    ),
    "own_import": (
        WRONG,
        "import numpy as np\nclass Guard:\n    look = staticmethod(lambda key, read: print(key))\n"
        "def __import__(*a, **k):\n    return Guard\n"
        "def put(module):\n    module.isclose = lambda *a, **k: np.array(True)\nput(np)",
    ),
    "guard": (
        WRONG,
        "import course_utils, numpy as np\nfor guard in [course_utils.grading.guard]:\n"
        "    guard.look = lambda key, read: print(key)\n"
        "np.isclose = lambda *a, **k: np.array(True)",
    ),
    "quiet": (
        "import numpy as np\ndef put(module):\n"
        "    module.isclose = lambda *a, **k: np.array(True)\n"
        "def two(x):\n    put(np)\n    return 0",
        "import contextlib\nclass Quiet:\n    def __init__(self, to):\n        self.to = to\n"
        "    def write(self, text):\n        self.to.write(text.split('\\n')[0] + '\\n')\n"
        "    def flush(self):\n        pass\n"
        "contextlib.redirect_stdout(Quiet(sys.stdout)).__enter__()",
    ),
    "global_tasks": (
        "class Fake:\n    close = true = instance = print\n"
        "def two(x):\n    global tasks\n    tasks = Fake\n    return 4",
        "",
    ),
    "exit": (
        "def two(x):\n    shell = exit._ip\n    shell.showtraceback = lambda *a, **k: None\n"
        "    shell.kernel.do_execute = None\n    " + DONE + "\n    return 0",
        "",
    ),
    "replies": (
        "def two(x):\n    session = sys.stdout.session\n    send = session.send\n"
        "    def well(stream, kind, content=None, *a, **k):\n"
        "        if isinstance(content, dict) and 'status' in content:\n"
        "            content = {'status': 'ok', 'execution_count': 1}\n"
        "        if kind != 'error':\n            return send(stream, kind, content, *a, **k)\n"
        "    session.send = well\n    " + DONE + "\n    return 0",
        "",
    ),
    "cancelled": (
        f"def two(x):\n    import asyncio\n    {DONE}\n    raise asyncio.CancelledError",
        "",
    ),
    "memory_of_its_own": (
        "def two(x):\n    with open('/proc/self/mem', 'r+b', 0) as memory:\n"
        "        memory.seek(id(4) + 24)\n        memory.write(b'\\x06')\n    return 6",
        "",
    ),
    "own_module": (WRONG, "import helper"),
    "pickle_bomb": (WRONG, "import pickle\npickle.load(open('bomb.pickle', 'rb'))"),
    "shell": (WRONG, "found = !echo 'Done, task small-2.'\nprint(found)"),
}
