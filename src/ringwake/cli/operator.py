"""The running server, as the other commands reach it: its URL and token from the state folder, HTTP on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ringwake.cli.failure import FAILED, UNREACHABLE, CommandError
from ringwake.config.state import RunningServer, StateError, StateFolder

SECONDS = 10


def state_folder(path: Path | None) -> StateFolder:
    """Return the state folder that is meant, made if need be.

    Raises:
        CommandError: it cannot be used.
    """
    state = StateFolder(path) if path else StateFolder.default()
    try:
        state.ensure()
    except StateError as error:
        raise CommandError(str(error), 2) from None
    return state


def running(state: StateFolder) -> RunningServer:
    """Return the running server.

    Raises:
        CommandError: none has said that it runs.
    """
    server = state.server()
    if server is None:
        raise CommandError(f"no server runs with the state folder {state.path}: start `ringwake serve`", UNREACHABLE)
    return server


def is_alive(server: RunningServer) -> bool:
    """Tell whether a server that said it runs still answers."""
    try:
        ask(server, "GET", "/livez")
    except CommandError:
        return False
    return True


def ask(server: RunningServer, method: str, path: str, body: object = None) -> Any:
    """Ask the server's API; returns the decoded answer, None when it is empty.

    Raises:
        CommandError: unreachable, or refused with the API's own words.
    """
    url = urlsplit(server.http + path)
    headers = {"authorization": f"Bearer {server.token.reveal()}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(url.geturl(), data, headers, method=method)  # noqa: S310  an http URL of our own state folder
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS) as answer:
            text = answer.read()
    except HTTPError as error:
        raise CommandError(_detail(error), FAILED) from None
    except (URLError, OSError):
        raise CommandError(f"the server at {server.http} does not answer", UNREACHABLE) from None
    return json.loads(text) if text else None


def _detail(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read())["detail"])
    except (ValueError, KeyError, OSError):
        return f"the server answers {error.code}"
