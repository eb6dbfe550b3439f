"""TensorBoard and Visdom for one learner: start, show, read back and stop them, on 127.0.0.1."""

from course_utils.dashboards.boards import Board, base_url, new_runs, tensorboard, visdom
from course_utils.dashboards.cards import tensorboard_card, visdom_card
from course_utils.dashboards.pages import compared, do_at_page, tried_pages, weighed_pages
from course_utils.dashboards.reading import lay_out, read_log, read_windows

__all__ = [
    "Board",
    "base_url",
    "compared",
    "do_at_page",
    "lay_out",
    "new_runs",
    "read_log",
    "read_windows",
    "tensorboard",
    "tensorboard_card",
    "tried_pages",
    "visdom",
    "visdom_card",
    "weighed_pages",
]
