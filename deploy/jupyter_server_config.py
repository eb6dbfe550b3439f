# What `course lab` tells JupyterLab, for a server that something else starts: container or Binder.
# Jupyter finds this file in the environment's etc/jupyter/ or by JUPYTER_CONFIG_PATH.
import os
import sys
from pathlib import Path

from traitlets.config.loader import DeferredConfigString

from course_utils import kernels
from course_utils.machine import lab

c = get_config()  # noqa: F821
# Whoever starts the server decides these.
OTHERS = {"ip", "allow_root", "open_browser", "root_dir", "default_url", "log_level"}
OTHERS |= {"workspaces_dir", "jpserver_extensions"}
for argument in lab.arguments():
    name, _, value = argument.removeprefix("--").partition("=")
    owner, trait = name.split(".")
    if trait not in OTHERS:
        c[owner][trait] = DeferredConfigString(value)  # read as on a command line
c.ServerApp.jpserver_extensions = dict(lab.EXTENSIONS)
for provisioner in kernels.environment().values():
    c.KernelProvisionerFactory.default_provisioner_name = provisioner
    kernels.warm_up()
# `course` is found in terminals.
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
