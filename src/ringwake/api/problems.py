"""Errors as RFC 9457 problem documents: what is wrong, and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

# Answers hold names, times and tokens: nobody keeps them, and no browser takes them for a page.
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Problem(Exception):  # noqa: N818  the RFC's name
    """An answer that is an error."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def answer(value: object, status: int = 200) -> Response:
    """Return a JSON answer. What phones wrote may be no Unicode: such octets are shown escaped."""
    return Response(_json(value), status, _HEADERS, media_type="application/json")


async def on_problem(_: Request, error: Exception) -> Response:
    """Turn an error into a problem document."""
    if isinstance(error, Problem):
        return document(error.status, error.detail, error.headers)
    if isinstance(error, HTTPException):
        return document(error.status_code, error.detail, dict(error.headers or {}))
    return document(500, "something went wrong here; the log has the traceback", {})


def document(status: int, detail: str, headers: dict[str, str]) -> Response:
    """Return a problem document."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(_json(body), status, {**_HEADERS, **headers}, media_type="application/problem+json")


def _json(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_readable(msgspec.to_builtins(value)))


def _readable(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        case dict():
            return {key: _readable(inner) for key, inner in value.items()}
        case list():
            return [_readable(inner) for inner in value]
        case _:
            return value
