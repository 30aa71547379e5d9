"""Request bodies in, store operations waited for: each failure becomes a problem document."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import msgspec
from starlette.requests import Request

from ringwake.api.problems import Problem
from ringwake.model.ports import StoreError

MAX_BODY = 16_384
T = TypeVar("T")


async def read_body(request: Request, shape: type[T]) -> T:
    """Read a JSON body of a shape.

    Raises:
        Problem: 413 too long, 422 not of that shape.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Problem(413, f"the body is longer than {MAX_BODY} octets")
    try:
        return msgspec.json.decode(bytes(body), type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        # The text of a ValidationError names types and places, never values.
        detail = str(error) if isinstance(error, msgspec.ValidationError) else "the body is not JSON"
        raise Problem(422, detail) from None


async def durable(work: Awaitable[T]) -> T:
    """Wait for a store operation.

    Raises:
        Problem: 503, it could not be made durable.
    """
    try:
        return await work
    except StoreError:
        raise Problem(503, "the store cannot write now: see /readyz", {"retry-after": "5"}) from None
