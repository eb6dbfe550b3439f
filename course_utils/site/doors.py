"""The doors of a page: its notebook as a file, and the places that open it in one click."""

import html
import tomllib
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from course_utils import ROOT


def repository(root: Path = ROOT) -> str:
    """Return the address that pyproject.toml gives as the course's repository, or nothing."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project.get("urls", {}).get("repository", "").removesuffix(".git")


def doors(page: PurePosixPath, address: str) -> str:
    """Return a line of links for the page of a notebook, whose path in the course is `page`.

    Binder, Colab and Codespaces open what lies on GitHub; without an address there is the file.
    """
    links = {"Download the notebook": f"{'../' * (len(page.parts) - 1)}download/{page}"}
    place = urlsplit(address)
    if place.hostname == "github.com":
        name = place.path.strip("/")
        lab = quote(f"/lab/tree/{page}", safe="")
        links["Open in Binder"] = f"https://mybinder.org/v2/gh/{name}/HEAD?urlpath={lab}"
        links["Colab"] = f"https://colab.research.google.com/github/{name}/blob/HEAD/{page}"
        links["Codespaces"] = f"https://codespaces.new/{name}"
    shown = (f"<a href='{html.escape(link)}'>{label}</a>" for label, link in links.items())
    return f"<p class='doors'>{' · '.join(shown)}</p>"
