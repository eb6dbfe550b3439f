"""Warm kernels: a Jupyter kernel provisioner that forks kernels with both frameworks imported.

One process for each user and environment has imported what notebooks import, and nothing more: it
runs no operation and starts no thread, so that forking it is safe. JupyterLab, nbval, nbclient and
nbgrader ask it for a kernel through Jupyter's own interface; `protocol` has the words. Whatever is
in the way (another platform, an unsafe folder, a failing import), the stock kernel is started.
"""

from course_utils.kernels.protocol import NAME, Unavailable
from course_utils.kernels.provisioner import WarmProvisioner, environment, warm_up

__all__ = ["NAME", "Unavailable", "WarmProvisioner", "environment", "warm_up"]
