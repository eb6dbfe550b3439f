"""Refuse every connection that leaves this machine; on PYTHONPATH, so that kernels have it too."""

import sys

HERE = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "", None}


def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host not in HERE:
        raise PermissionError(f"the course works without a network, but {host} was asked for")


sys.addaudithook(refuse)
