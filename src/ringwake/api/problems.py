"""Errors as RFC 9457 problem documents: what is wrong, and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response


class Problem(Exception):  # noqa: N818  the RFC's name
    """An answer that is an error."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def answer(value: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


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
    return Response(msgspec.json.encode(body), status, headers, media_type="application/problem+json")
