"""axe-core, which looks for what keeps people from reading a page.

python tests/axe.py    fetches it into build/axe/ (needs the network, once)
"""

from pathlib import Path

from playwright.sync_api import Page

from course_utils import ROOT
from course_utils.dashboards import web_files

FOLDER, LIST = ROOT / "build" / "axe", Path(__file__).with_name("axe.toml")
MEND = "python tests/axe.py"
MISSING = f"axe-core is not there: `{MEND}` fetches it"

RUN = """async ([inside, scope]) => {
  const found = await axe.run(scope, { resultTypes: ['violations'], preload: false });
  return found.violations.flatMap(one => one.nodes.map(node => ({
    rule: one.id,
    place: node.target.join(' '),
    ours: Boolean(document.querySelector(node.target.at(-1))?.closest(inside)),
    html: node.html.slice(0, 200),
  })));
}"""


def there() -> bool:
    """Say whether the pinned axe-core was fetched."""
    return web_files.current(FOLDER, LIST)


def violations(page: Page, inside: str, scope: str | dict = "html") -> list[dict]:
    """List what axe finds on a page, each with whether it lies in what a selector names.

    `scope` is axe's: a selector of the part to be looked at, or what to include and to exclude.
    """
    # Not as a script element, which some pages' policies refuse.
    page.evaluate((FOLDER / "axe.min.js").read_text(encoding="utf-8"))
    return page.evaluate(RUN, [inside, scope])


if __name__ == "__main__":
    if not there():
        web_files.put(FOLDER, LIST, "axe-core", MEND)
