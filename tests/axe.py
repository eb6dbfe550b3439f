"""axe-core, which looks for what keeps people from reading a page, over what is ours of it.

python tests/axe.py    fetches it into build/axe/ (needs the network, once)
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Page

from course_utils import ROOT
from course_utils.dashboards import web_files

PACKAGE = {
    "name": "axe-core",
    "version": "4.14.1",
    "sha512": "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NP"
    "jCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    "files": {"axe.min.js": "axe.min.js"},
}
FOLDER = ROOT / "build" / "axe"
MISSING = "axe-core is not there: `python tests/axe.py` fetches it"

# What the course writes: text cells and outputs. The rest of the page is JupyterLab's.
OURS = ".jp-RenderedHTMLCommon, .jp-OutputArea-output"

# A heading order has no beginning where only a part of a page is looked at.
RUN = """async ([scope, inside]) => {
  const context = { include: Array.from(document.querySelectorAll(scope)) };
  const rules = { region: { enabled: false } };
  const found = await axe.run(context, { resultTypes: ['violations'], rules });
  return found.violations.flatMap(one => one.nodes
    .filter(node => !inside || document.querySelector(node.target.at(-1))?.closest(inside))
    .map(node => `${one.id}: ${one.help}: ${node.html.slice(0, 200)}`));
}"""


def there() -> bool:
    """Say whether the pinned axe-core was fetched."""
    return (FOLDER / PACKAGE["version"]).is_file() and (FOLDER / "axe.min.js").is_file()


def fetch() -> None:
    """Fetch the pinned axe-core from npm; another file than that is refused."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        web_files._fetch([f"{PACKAGE['name']}@{PACKAGE['version']}"], Path(folder))
        web_files._unpack(PACKAGE, Path(folder), FOLDER)
    (FOLDER / PACKAGE["version"]).touch()


def violations(page: Page, scope: str, inside: str = "") -> list[str]:
    """List what axe finds in the parts that a selector names, where it lies in `inside`."""
    # Not as a script element, which some pages' policies refuse.
    page.evaluate((FOLDER / "axe.min.js").read_text(encoding="utf-8"))
    return page.evaluate(RUN, [scope, inside])


if __name__ == "__main__":
    if not there():
        fetch()
