"""The running server, as the other commands reach it: its URL and token from the state folder, HTTP on loopback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ringwake.cli.failure import FAILED, UNREACHABLE, USAGE, CommandError
from ringwake.config.state import RunningServer, StateError, StateFolder

SECONDS = 10
_START = "start `ringwake serve`"


def state_folder(path: Path | None) -> StateFolder:
    """Return the state folder that is meant, made if need be.

    Raises:
        CommandError: it cannot be used.
    """
    try:
        state = StateFolder(path) if path else StateFolder.default()
        state.ensure()
    except StateError as error:
        raise CommandError(str(error), USAGE) from None
    return state


def running(state: StateFolder) -> RunningServer:
    """Return the running server.

    Raises:
        CommandError: none has said that it runs.
    """
    server = state.server()
    if server is None:
        raise CommandError(f"no server runs with the state folder {state.path}: {_START}", UNREACHABLE)
    return server


def is_alive(server: RunningServer) -> bool:
    """Tell whether a server that said it runs still answers."""
    try:
        ask(server, "GET", "/api/v1/calls")  # by its token: at this address another server may run by now
    except CommandError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the server's API."""

    method: str
    path: str
    body: object = None
    tag: str = ""
    """Of the version that is to be changed (`If-Match`); empty: whatever it is."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Its answer."""

    value: Any
    """Decoded; None when it is empty."""
    tag: str
    """Names the version of what was answered, or is empty."""


def ask(server: RunningServer, method: str, path: str, body: object = None, *, seconds: float = SECONDS) -> Any:
    """Ask the server's API; returns the decoded answer, None when it is empty. It may take so many seconds.

    Raises:
        CommandError: unreachable, or refused with the API's own words.
    """
    return exchange(server, Asked(method, path, body), seconds=seconds).value


def exchange(server: RunningServer, asked: Asked, *, seconds: float = SECONDS) -> Answered:
    """Ask the server's API for something that has versions.

    Raises:
        CommandError: unreachable, or refused with the API's own words.
    """
    url = urlsplit(server.http + asked.path)
    headers = {"authorization": f"Bearer {server.token.reveal()}", "content-type": "application/json"}
    if asked.tag:
        headers["if-match"] = asked.tag
    data = None if asked.body is None else json.dumps(asked.body).encode()
    request = Request(url.geturl(), data, headers, method=asked.method)  # noqa: S310  an http URL of our own folder
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=seconds) as answer:
            text = answer.read()
            return Answered(json.loads(text) if text else None, answer.headers.get("etag", ""))
    except HTTPError as error:
        with error:
            raise _refusal(error, server) from None
    except (URLError, OSError) as error:
        if isinstance(getattr(error, "reason", error), TimeoutError):
            late = f"the server at {server.http} has not answered in {seconds:g} s: see its log"
            raise CommandError(late, UNREACHABLE) from None
        raise CommandError(f"the server at {server.http} does not answer: {_START}", UNREACHABLE) from None
    except (HTTPException, ValueError):
        raise CommandError(f"what answers at {server.http} is no ringwake: {_START}", UNREACHABLE) from None


def _refusal(error: HTTPError, server: RunningServer) -> CommandError:
    if error.code == HTTPStatus.UNAUTHORIZED:
        return CommandError(f"at {server.http} another server answers: {_START}", UNREACHABLE)
    try:
        return CommandError(str(json.loads(error.read())["detail"]), FAILED)
    except (ValueError, KeyError, TypeError, OSError):
        return CommandError(f"the server answers {error.code}", FAILED)
