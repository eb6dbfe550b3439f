"""Read back what was logged to TensorBoard, and what Visdom's windows show, without a browser."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils import CourseError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import visdom as visdom_package


def read_log(folder: Path | str) -> "pd.DataFrame":
    """Read everything logged below a folder, by either framework, without a server.

    Returns one row for each record: its run (the folder), tag, kind, step and value. The kinds are
    TensorBoard's: `scalars` are floats, `histograms` arrays of (left, right, count) rows, `images`
    arrays of bytes (height, width, channels), `text` strings; of all else the value is the raw
    array. Raises CourseError where there is no log, or one is damaged.
    """
    import pandas as pd

    folder = Path(folder)
    files = sorted(path for path in folder.rglob("*tfevents*") if path.is_file())
    if not files:
        raise CourseError(f"there is no log in {folder}: run the cells that write it first")
    columns = ["run", "tag", "kind", "step", "value"]
    rows = [row for file in files for row in _records(file, file.parent.relative_to(folder))]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["run", "tag", "step"], kind="stable", ignore_index=True
    )


def read_windows(client: "visdom_package.Visdom") -> "pd.DataFrame":
    """Read back what the windows of a client's environment show.

    Returns a row for each curve, picture or text: window, title, kind, name and value. The kinds
    are Plotly's (`scatter`, `bar`, `heatmap`) with arrays of (x, y) rows or the heatmap's numbers,
    `image` with an array of bytes (height, width, channels), `embeddings` with the (x, y) rows of
    its points, and `text` with a string.
    """
    import pandas as pd

    windows = json.loads(client.get_window_data(win=None) or "{}")
    columns = ["window", "title", "kind", "name", "value"]
    rows = [row for name, window in windows.items() for row in _shown(name, window)]
    return pd.DataFrame(rows, columns=columns)


def lay_out(features: Any) -> list[list[float]]:
    """Place rows of features in the plane by t-SNE, like next to like; return (x, y) in [-1, 1]."""
    import numpy as np
    from sklearn.manifold import TSNE

    rows = np.asarray(features)
    tsne = TSNE(init="pca", random_state=0, perplexity=min(30, (len(rows) - 1) / 3))
    places = tsne.fit_transform(rows).astype(float)
    low, high = places.min(axis=0), places.max(axis=0)
    return (2 * (places - low) / (high - low) - 1).tolist()


def _records(file: Path, run: Path) -> Iterator[tuple[str, str, str, int, Any]]:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    events = list(EventFileLoader(str(file)).Load())
    # The loader passes over what it cannot read.
    if len(events) < _frames(file):
        raise CourseError(
            f"{file} is damaged after {len(events)} records: delete it and write the log again"
        )
    kinds: dict[str, str] = {}
    for event in events:
        for value in event.summary.value:
            kind = kinds.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
            array = make_ndarray(value.tensor)
            for content in _contents(kind, array):
                yield run.as_posix(), value.tag, kind, event.step, content


def _contents(kind: str, array: "np.ndarray") -> list[Any]:
    """Return the values in one record: several images may share one."""
    if kind == "scalars":
        return [float(array)]
    if kind == "images":  # width, height, then the pictures
        return [_picture(content) for content in array[2:]]
    if kind == "text":
        return ["\n".join(text.decode() for text in array.ravel())]
    return [array]


def _picture(content: bytes) -> "np.ndarray":
    import numpy as np
    from PIL import Image

    array = np.asarray(Image.open(io.BytesIO(content)))
    return array[..., None] if array.ndim == 2 else array


def _frames(file: Path) -> int:
    """Count the records that a file should hold; each says its length in its first 8 bytes.

    A record is: length (8 bytes), checksum (4), content, checksum (4); see TensorFlow's TFRecord.
    """
    content = memoryview(file.read_bytes())
    place, count = 0, 0
    while place < len(content):
        place += 16 + int.from_bytes(content[place : place + 8], "little")
        count += 1
    return count


def _shown(name: str, window: dict[str, Any]) -> Iterator[tuple[str, str, str, str, Any]]:
    import numpy as np

    title, content = window.get("title") or "", window["content"]
    if window["type"] == "plot":
        for trace in content["data"]:
            if trace["type"] == "heatmap":
                value = np.array(trace["z"])
            elif "x" in trace and "y" in trace:
                value = np.column_stack([trace["x"], trace["y"]])
            else:
                continue
            yield name, title, trace["type"], trace.get("name") or "", value
    elif window["type"] == "image":
        picture = base64.b64decode(content["src"].split(",", 1)[1])
        yield name, title, "image", content.get("caption") or "", _picture(picture)
    elif window["type"] == "embeddings":
        places = [point["position"] for point in content.get("data", [])]
        yield name, title, "embeddings", "", np.array(places)
    elif window["type"] == "text":
        yield name, title, "text", "", content
