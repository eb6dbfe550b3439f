"""V09: does Visdom lack TensorBoard's interactivity, and features for an overview of data?"""

import json

import records
import shims


def talks_back(vis):
    """Register what is called when a learner clicks or types in a pane."""
    vis.register_event_handler(lambda event: None, vis.text("press a key"))


def compares(vis):
    """Ask for a table of settings and results of several runs, as TensorBoard's page has."""
    vis.hparams({"rate": [0.1, 0.01]}, {"loss": [1.0, 0.5]})


with shims.visdom_server() as server:
    vis = shims.client(server, listens=True)
    answers = shims.works(talks_back, vis)
    table = shims.works(compares, vis)
with shims.tensorboard(records.folder()) as server:
    board = set(json.loads(server.get("/data/plugins_listing")))
shims.answer(
    {
        "interactivity: nothing done on the page reaches the program": not answers,
        "features for getting an overview of data: no table of runs": (
            "hparams" in board and not table
        ),
    }
)
