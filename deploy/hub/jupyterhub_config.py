# A hub for one machine: the users of the group `learners`, each with a copy of the course.
# Run as root in the course's folder, after `make set-up`: README.md here has the commands.
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2]
STATE = COURSE / "build" / "hub"

STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
STATE.chmod(0o700)

c = get_config()  # noqa: F821
# Whatever ends TLS stands in front of it; the hub itself is not seen from outside.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.db_url = f"sqlite:///{STATE}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = "/run/course-hub-proxy.pid"  # gone when the machine starts again
c.ConfigurableHTTPProxy.command = [str(STATE / "node_modules/.bin/configurable-http-proxy")]

# The machine's own users log in with their own passwords.
c.JupyterHub.authenticator_class = "pam"
c.LocalAuthenticator.allowed_groups = {"learners"}

# Only systemd can hold a user's processes to the limit; without it the number is only shown.
c.JupyterHub.spawner_class = "systemd" if Path("/run/systemd/system").is_dir() else "localprocess"
c.Spawner.mem_limit = "3G"
c.Spawner.cmd = [str(COURSE / "deploy/as-learner"), "jupyterhub-singleuser"]
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120

c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]
