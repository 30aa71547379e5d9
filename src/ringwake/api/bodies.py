"""Request bodies in, store operations waited for: each failure becomes a problem document."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from ringwake.api.problems import Problem
from ringwake.model.ports import StoreError

MAX_BODY = 16_384
T = TypeVar("T")


async def read_body(request: Request, shape: type[T]) -> T:
    """Read a JSON body of a shape.

    Raises:
        Problem: 413 too long, 400 no JSON, 422 not of that shape.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise Problem(413, f"the body is longer than {MAX_BODY} octets")
        return msgspec.json.decode(bytes(body), type=shape)
    except msgspec.ValidationError as error:
        # Its text names types and places, never values.
        raise Problem(422, str(error)) from None
    except (ValueError, RecursionError):
        # msgspec's own errors, and Python's for octets that are no UTF-8.
        raise Problem(400, "the body is not JSON") from None
    except ClientDisconnect:
        raise Problem(400, "the body ended early") from None


async def durable(work: Awaitable[T]) -> T:
    """Wait for a store operation.

    Raises:
        Problem: 503, it could not be made durable.
    """
    try:
        return await work
    except StoreError:
        raise Problem(503, "the store cannot write now: see /readyz", {"retry-after": "5"}) from None
