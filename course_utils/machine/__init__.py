"""The machine: is it ready for the course, and JupyterLab on it."""
