"""What a person does at a dashboard's page: recorded from a browser, or done by a program."""

import contextlib
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import visdom as visdom_package

RECORD = Path(__file__).with_name("pages.json")


def tried_pages() -> "pd.DataFrame":
    """Return what was done at each page in a browser, and whether the page changed by it.

    A row for each thing done; columns (board, "done" or "waited"). `tests/board_pages.py` did them,
    on the date and with the versions in `attrs`.
    """
    import pandas as pd

    record = json.loads(RECORD.read_text(encoding="utf-8"))
    boards = {board: pd.DataFrame(tried).T for board, tried in record["tried"].items()}
    table = pd.concat(boards, axis=1)
    table.attrs.update(date=record["date"], versions=record["versions"])
    return table


def weighed_pages() -> "pd.DataFrame":
    """Return what each page loaded and held in that browser, its controls, and its server's memory.

    A row for each of these, in megabytes but for the controls; a column for each board.
    """
    import pandas as pd

    return pd.DataFrame(json.loads(RECORD.read_text(encoding="utf-8"))["weighed"])


def do_at_page(client: "visdom_package.Visdom", window: str, **event: Any) -> None:
    """Tell Visdom's server what its page tells it when something is done to a window.

    `event` is what happened: `event_type` and what belongs to it, as callbacks get it.
    """
    with _connected(client) as page:
        event |= {"eid": client.env, "target": window}
        page.send(json.dumps({"cmd": "forward_to_vis", "data": event}))


def compared(
    client: "visdom_package.Visdom", *environments: str
) -> dict[str, dict[str, list[float]]]:
    """Ask Visdom's server for a page that compares environments, as the page does.

    Returns what is to be drawn: the values of each curve, by window title and curve name.
    """
    with _connected(client) as page:
        page.settimeout(20)
        own_name = json.dumps({"sid": json.loads(page.recv())["data"]})
        address = f"{_address(client)}/compare/{'+'.join(environments)}"
        urllib.request.urlopen(address, own_name.encode(), timeout=20).close()
        windows, message = {}, {}
        while message.get("command") != "layout":
            message = json.loads(page.recv())
            if message.get("type") == "plot":
                curves = {curve["name"]: curve["y"] for curve in message["content"]["data"]}
                windows[message["title"]] = curves
    return windows


def _address(client: "visdom_package.Visdom") -> str:
    return f"{client.server}:{client.port}{client.base_url}"


def _connected(client: "visdom_package.Visdom") -> contextlib.closing:
    import websocket

    address = _address(client).replace("http", "ws", 1)
    return contextlib.closing(websocket.create_connection(f"{address}/socket", timeout=20))
