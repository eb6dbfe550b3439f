"""The releases of the environment that runs this."""

import json
import platform
from importlib.metadata import version

PACKAGES = ("torch", "tensorflow", "keras", "tensorboard", "visdom", "numpy")
print(
    json.dumps({"python": platform.python_version(), **{name: version(name) for name in PACKAGES}})
)
