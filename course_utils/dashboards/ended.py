"""What JupyterLab shows of a dashboard whose server has ended: what to do, and no error.

It is an extension of Jupyter's server, which `course lab` and deploy/ switch on.
"""

import asyncio
from typing import Any

from jupyter_server_proxy.handlers import LocalProxyHandler

PAGE = """<!DOCTYPE html>
<html lang="en">
<title>The dashboard has ended</title>
<style>:root { color-scheme: light dark } body { font-family: sans-serif; margin: 3em }</style>
<h1>This dashboard's server has ended</h1>
<p>It ends with the notebook's kernel. To see it again, run the cell that starts it, and then the
cell that shows it.</p>
</html>
"""
GONE = 410
"""A status for an address that will not come back: a new server has another one."""


class Proxy(LocalProxyHandler):
    """Passes requests on to a program of this machine, and answers where it has ended."""

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Answer a request, also that of a web socket, where nothing listens at its port."""
        await super().prepare(*args, **kwargs)
        if not self._finished and not await _listens(self.path_args[0]):
            self._say()

    async def proxy(self, port: str, proxied_path: str) -> None:
        """Pass a request on; the program may end while it answers."""
        try:
            await super().proxy(port, proxied_path)
        except Exception:
            if self._headers_written or await _listens(port):
                raise
            self._say()

    def _say(self) -> None:
        self.set_status(GONE)
        self.finish(PAGE)


async def _listens(port: str) -> bool:
    try:
        _, writer = await asyncio.open_connection("localhost", port)
    except OSError:
        return False
    writer.close()
    return True


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Take the proxy's addresses; extensions are loaded by name, so these come before its own."""
    base = server.web_app.settings["base_url"]
    addresses = [
        (f"{base}proxy/(\\d+)(/.*|)", Proxy, {"absolute_url": False}),
        (f"{base}proxy/absolute/(\\d+)(/.*|)", Proxy, {"absolute_url": True}),
    ]
    server.web_app.add_handlers(".*", addresses)
