"""A Sphinx extension: a PyTorch cell and the TensorFlow cell that follows it share one box.

It also takes away what keeps those who listen to a page from understanding it.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

LONGEST_WORDS_BETWEEN = 160
# So myst-nb calls each fold for those who listen, whatever is written on it.
LABEL = ' aria-label="Toggle hidden content"'
EMPTY_HEADING = re.compile(r"<th\b([^>]*>\s*(?:<p></p>)?\s*</)th>")


class Twins(SphinxPostTransform):
    """Put twins side by side; a short paragraph between them goes with the second."""

    default_priority = 900

    def run(self, **_: object) -> None:
        """Change the page's tree in place."""
        cells = [node for node in self.document.findall(nodes.container) if _whose(node, "torch")]
        for first in cells:
            place = first.parent.index(first)
            between: list[nodes.Node] = []
            for node in first.parent.children[place + 1 : place + 3]:
                if _whose(node, "tf"):
                    box = nodes.container("", classes=["twins"])
                    left, right = (nodes.container("", classes=["twin"]) for _ in "12")
                    parent = first.parent
                    parent.replace(first, box)
                    for moved in [*between, node]:
                        parent.remove(moved)
                    left += first
                    right += [*between, node]
                    box += [left, right]
                    break
                short = len(node.astext()) <= LONGEST_WORDS_BETWEEN
                if between or not (isinstance(node, nodes.paragraph) and short):
                    break
                between.append(node)


def _whose(node: nodes.Node, side: str) -> bool:
    return isinstance(node, nodes.container) and f"tag_{side}" in node["classes"]


def _mend(_app: Sphinx, _page: str, _template: str, context: dict, _tree: object) -> None:
    body = context.get("body", "").replace(LABEL, "")
    context["body"] = EMPTY_HEADING.sub(r"<td\1td>", body)


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_post_transform(Twins)
    app.connect("html-page-context", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
