"""Words as HTML, wherever a reader meets them: on a card, a page, a slide."""

import html
import re


def as_html(text: str, quote: bool = True) -> str:
    """Return a line as HTML, with what stands between backticks as code; `quote` as in `html`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote))
