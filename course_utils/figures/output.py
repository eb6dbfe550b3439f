"""Show a figure below a cell.

JupyterLab gives matplotlib's own output no alt text, so every picture is shown as an HTML image.
Its alt text is the output's plain text too, and beside it stands, for tests, what it shows.
"""

import base64
import html
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from course_utils import CourseError
from course_utils.figures.fingerprint import fingerprint
from course_utils.figures.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 110

SHOWN = "application/vnd.course.shown"
"""The kind of output that holds a picture's fingerprint: no front end knows it or shows it."""

FRAMES_COMPARED = 3

LONGEST_MOVE = 5


def show(figure: "Figure", alt: str) -> None:
    """Show a figure below the cell as an image with this alt text, and close it."""
    import matplotlib.pyplot as plt
    from PIL import Image

    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH)
    shown = fingerprint(figure)
    plt.close(figure)
    # 128 colours are enough for a drawing, and a third of the bytes.
    Image.open(drawn).convert("RGB").quantize(128).save(packed, format="png", optimize=True)
    _show_image(packed.getvalue(), "png", alt, shown)


def _show_image(content: bytes, kind: str, alt: str, shown: str) -> None:
    from IPython.display import display

    picture = base64.b64encode(content).decode()
    page = f'<img alt="{html.escape(alt)}" src="data:image/{kind};base64,{picture}">'
    display({"text/html": page, "text/plain": alt, SHOWN: shown}, raw=True)


def animation(
    figure: "Figure", draw: Callable[[int], None], frames: int, alt: str, seconds: float = 0.12
) -> None:
    """Show a figure that moves, as a GIF with this alt text, and close it.

    `draw` is called with 0 to `frames` - 1 and changes the figure each time; each state is shown
    for `seconds`, and the last one stays. Raises CourseError where it would move for longer than
    five seconds: what cannot be paused has to stop by then (WCAG 2.2.2).
    """
    import matplotlib.pyplot as plt
    from PIL import Image

    if frames * seconds > LONGEST_MOVE:
        raise CourseError(
            f"{frames} frames of {seconds} s move for over {LONGEST_MOVE} s: take fewer, or shorter"
        )
    pictures, shown, packed = [], [], io.BytesIO()
    compared = [round(n * (frames - 1) / (FRAMES_COMPARED - 1)) for n in range(FRAMES_COMPARED)]
    for n in range(frames):
        drawn = io.BytesIO()
        draw(n)
        figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH * 0.6)
        pictures.append(Image.open(drawn).convert("RGB"))
        if n in compared:
            shown.append(f"frame {n}\n{fingerprint(figure)}")
    plt.close(figure)
    # One palette of few colours for all pictures, so that only what moves takes bytes.
    palette = Image.new("P", (1, 1))
    greys = [[shade] * 3 for shade in range(0, 256, 28)]
    colours = [list(bytes.fromhex(colour[1:])) for colour in COLOURS[:6]]
    palette.putpalette([level for colour in [*greys, [255] * 3, *colours] for level in colour])
    first, *rest = [
        picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures
    ]
    duration = round(1000 * seconds)
    first.save(packed, "gif", save_all=True, append_images=rest, duration=duration)
    _show_image(packed.getvalue(), "gif", alt, "\n".join(shown))
