"""Slides as one HTML page: text, code, stored outputs, and the page around them."""

import ast
import base64
import html
import re
import struct
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from course_utils.notebooks import joined

STATIC = Path(__file__).with_name("static")
LINK = re.compile(r"(?<!!)\[([^\]\n]*)\]\([^)\s]*\)")
ANCHOR = re.compile(r'<a class="anchor-link".*?</a>')
PICTURE = re.compile(r"<img\b[^>]*>")
PNG = re.compile(r"base64,([\w+/]{32})")
CHAIN = re.compile(r'(<span class="p">\)+</span>)(?=<span class="o">\.)')
OPENS = re.compile(r'(<span class="p">[^<]*[(\[,]</span>)')
INDENT = re.compile(r'^(<span class="[^"]*">)? +')
MAKING = re.compile(r"    def __init__.*?\n\n(?=    def )", re.DOTALL)
ONE_LINE = 52
"""A title of more characters is set in smaller letters."""
ROOM = 1184, 520
"""Pixels, across and down, that a slide has for its pictures."""


class Slide(NamedTuple):
    """A slide: its title, its parts as HTML, what the speaker reads, and a class for its looks."""

    title: str
    parts: list[str]
    notes: list[str]
    looks: str = ""


def text(markdown: str, looks: str = "") -> str:
    """Return Markdown as HTML with classes for its looks, without its links, which lead nowhere."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    shown = ANCHOR.sub("", markdown2html_mistune(LINK.sub(r"\1", markdown)))
    return f"<div class='{' '.join(['text', *looks.split()])}'>{shown}</div>"


def shortened(source: str) -> str:
    """Return code as a slide shows it: of a class how it answers, and no tests of the lesson's."""
    source = MAKING.sub("    # its layers: see the lesson\n", source)
    try:
        tests = [node for node in ast.parse(source).body if isinstance(node, ast.Assert)]
    except SyntaxError:  # a cell with one of IPython's commands
        tests = []
    dropped = {n for test in tests for n in range(test.lineno, test.end_lineno + 1)}
    lines = enumerate(source.split("\n"), start=1)
    return "\n".join(line for n, line in lines if n not in dropped).strip("\n ")


def code(source: str) -> str:
    """Return code, highlighted; a line that is too long goes on below, further in."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    source = shortened(source)
    shown = highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    pairs = zip(source.split("\n"), shown.split("\n"), strict=False)
    lines = "".join(_line(len(plain) - len(plain.lstrip(" ")), line) for plain, line in pairs)
    return f"<div class='code'><pre class='highlight'>{lines}</pre></div>"


def _line(indent: int, shown: str) -> str:
    """Return a line that is indented by its looks, so that none breaks behind its first spaces."""
    further = f"padding-left: {indent + 4}ch; text-indent: -4ch"
    breakable = OPENS.sub(r"\1<wbr>", CHAIN.sub(r"\1<wbr>", INDENT.sub(r"\1", shown)))
    return f"<span class='line' style='{further}'>{breakable}\n</span>"


def output(stored: dict[str, Any]) -> list[str]:
    """Return a stored output; of pictures their tags alone, which `pictures` frames."""
    if "text" in stored:
        return [f"<pre class='out'>{html.escape(joined(stored['text']).rstrip())}</pre>"]
    data = stored.get("data", {})
    if "text/html" in data:
        shown = joined(data["text/html"])
        pictures = PICTURE.findall(shown)
        if pictures and not re.sub(r"<[^>]*>|\s", "", shown):
            return pictures
        return [f"<div class='out'>{shown}</div>"]
    if "text/plain" in data:
        return [f"<pre class='out'>{html.escape(joined(data['text/plain']))}</pre>"]
    return []


def is_picture(part: str) -> bool:
    """Say whether a part of a slide is a picture."""
    return part.startswith("<img")


def pictures(tags: list[str]) -> str:
    """Return pictures in a frame that takes what room is left: a row or a column, where larger.

    All in one frame are shown at one scale, since their letters are of one size.
    """
    sizes = [struct.unpack(">II", base64.b64decode(PNG.search(tag)[1])[16:]) for tag in tags]
    widths, heights = zip(*sizes, strict=True)
    row = min(ROOM[0] / sum(widths), ROOM[1] / max(heights))
    stacked = min(ROOM[0] / max(widths), ROOM[1] / sum(heights))
    looks, shares = ("", widths) if row >= stacked else (" stacked", heights)
    alike = zip(tags, shares if len(tags) > 1 else [], strict=False)
    shown = [tag.replace("<img", f"<img style='flex: {share} 1 0'", 1) for tag, share in alike]
    return f"<div class='picture{looks}'>{''.join(shown or tags)}</div>"


def column(whose: str, parts: list[str]) -> str:
    """Return one twin's side of a slide."""
    return f"<div class='twin {whose}'><h3>{whose}</h3>{''.join(parts)}</div>"


def page(title: str, slides: list[Slide]) -> str:
    """Return the page that shows the slides, with its scripts in the folder reveal beside it."""
    from pygments.formatters import HtmlFormatter

    template = Template((STATIC / "deck.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=html.escape(title),
        style=(STATIC / "deck.css").read_text(encoding="utf-8"),
        colours=HtmlFormatter(style="xcode").get_style_defs(".highlight"),
        slides="\n".join(_section(slide) for slide in slides),
    )


def _section(slide: Slide) -> str:
    level = "h1" if slide.looks == "first" else "h2"
    long = " class='long'" if len(slide.title) > ONE_LINE else ""
    title = f"<{level}{long}>{html.escape(slide.title).replace('`', '')}</{level}>"
    told = text("\n\n".join(slide.notes)) if slide.notes else ""
    told = f"<aside class='notes'>{told}</aside>" if told else ""
    return f"<section class='{slide.looks}'>{title}{''.join(slide.parts)}{told}</section>"
