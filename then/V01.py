"""V01: is TensorBoard equipped for visualizing data? Its server names what it can show."""

import json
import tempfile

import records
import shims

with shims.tensorboard(records.folder()) as server:
    kinds = {}
    for name in records.KINDS:
        kinds[name] = bool(json.loads(server.get(f"/data/plugin/{name}/tags")))
    listed = json.loads(server.get("/data/plugins_listing"))
    enabled = sum(plugin["enabled"] for plugin in listed.values())
with shims.tensorboard(tempfile.mkdtemp()) as server:
    empty = sum(bool(json.loads(server.get(f"/data/plugin/{name}/tags"))) for name in kinds)
shims.answer(
    {
        **{f"{name} are shown": truth for name, truth in kinds.items()},
        "an empty folder shows none of it": empty == 0,
    },
    counts={"kinds of views": len(listed), "views with something to show": enabled},
)
