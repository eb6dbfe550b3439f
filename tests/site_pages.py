"""What is wrong with a website's pages: their links, and what a browser shows of them."""

import functools
import itertools
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import unquote

import axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

# Each width and scheme a page is looked at with; axe takes four times as long as all the rest, and
# meets every width and every scheme in half of these.
CORNERS = list(itertools.product((1440, 390), ("light", "dark")))
HALF = [(1440, "light"), (390, "dark")]
# The theme's colours of code are the same on every page.
CODE = [[".highlight pre"]]
# Barriers of the theme's own, by rule and place: a search button that is called otherwise than it
# says, and the title of the site beside the landmarks.
THEMES_OWN = [
    ("label-content-name-mismatch", ".search-button-field"),
    ("region", ".sidebar-primary-item"),
]
LOOK = """() => ({
  wide: document.documentElement.scrollWidth - innerWidth,
  aside: [...document.querySelectorAll('.twins')]
    .some(twins => getComputedStyle(twins).display === 'grid'),
  scheme: document.documentElement.dataset.theme,
  hidden: [...document.images].filter(image => image.complete && !image.naturalWidth).length,
})"""


def names(folder: Path) -> list[str]:
    """Return the names of a site's pages; the theme's own templates are none."""
    paths = sorted(path.relative_to(folder) for path in folder.rglob("*.html"))
    return [path.with_suffix("").as_posix() for path in paths if path.parts[0] != "_static"]


def broken_links(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each link within a site that leads to no file, or to no place in its page."""
    paths = [folder / f"{name}.html" for name in names(folder)]
    pages = {path: path.read_text(encoding="utf-8") for path in paths}
    ids = {
        path: set(re.findall(r"""\bid=["']([^"']+)["']""", text)) for path, text in pages.items()
    }
    for path, text in pages.items():
        for link in set(re.findall(r"""\b(?:href|src)=["']([^"']+)["']""", text)):
            if re.match(r"[a-z]+:", link) or link.startswith("//"):
                continue
            name, _, place = unquote(link.partition("?")[0]).partition("#")
            target = (path.parent / name).resolve() if name else path
            known = target.exists() and (not place or place in ids.get(target, [place]))
            if not known:
                yield path.relative_to(folder).as_posix(), link


def look(
    chromium: Browser,
    folder: Path,
    pages: list[str],
    searched: Collection[tuple[int, str]] = CORNERS,
    scope: str | dict = "html",
) -> Iterator[str]:
    """Open pages from their files at two widths, light and dark; yield what is wrong with them.

    Where axe-core was fetched, what it finds in its scope of the corners that are searched is wrong
    too, but for what is the theme's own.
    """
    for width, scheme in CORNERS:
        view = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        said: list[str] = []
        view.on("console", functools.partial(_complain, said))
        view.on("pageerror", lambda error, said=said: said.append(str(error)))
        view.on("request", functools.partial(_watch, said))
        for name in pages:
            view.goto((folder / f"{name}.html").as_uri())
            found = view.evaluate(LOOK)
            if found["wide"] > 0:
                said.append(f"is {found['wide']} px too wide")
            if found["scheme"] != scheme:
                said.append(f"is {found['scheme']}")
            if found["aside"] and width < 1000:
                said.append("has twins side by side")
            if found["hidden"]:
                said.append(f"does not show {found['hidden']} of its pictures")
            if axe.there() and (width, scheme) in searched:
                said += _barriers(view, scope)
            yield from (f"{name} at {width}, {scheme}: {what}" for what in said)
            said.clear()
        view.close()


def _barriers(view: Page, scope: str | dict) -> Iterator[str]:
    for found in axe.violations(view, ".bd-article", scope):
        if found["ours"] or not any(
            found["rule"] == rule and place in found["place"] for rule, place in THEMES_OWN
        ):
            yield f"{found['rule']}: {found['html']}"


def _complain(said: list[str], message: ConsoleMessage) -> None:
    # The theme tells in its log what it has done.
    if message.type in ("error", "warning"):
        said.append(message.text)


def _watch(said: list[str], request: Request) -> None:
    if not request.url.startswith(("file:", "data:")):
        said.append(f"asks for {request.url}")
