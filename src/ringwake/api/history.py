"""`/me/history`, `/me/read` and `/api/v1/history`: what has become of calls and messages, and what nobody has read."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical
from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.me import by_token
from ringwake.api.problems import Problem, answer
from ringwake.api.settings_shape import handset_of
from ringwake.model.account import Account, Aor
from ringwake.model.history import Entry, EntryKind
from ringwake.model.history_ops import ListHistory, MarkRead

MOST = 1000
"""Entries in one answer."""
_FEW = 100
"""As many as are given if the request names no number."""


class ReadBody(Struct, forbid_unknown_fields=True):
    """What was read, and by which phone."""

    ids: Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=MOST)] = []
    """Of entries; empty: all that there are."""
    instance: Annotated[str, Meta(max_length=200)] = ""
    """`+sip.instance` of the phone, which then needs not be told the new number."""


def history_routes(backend: Backend) -> list[Route]:
    """Return the operator's routes."""

    async def history(request: Request) -> Response:
        asked = request.query_params.get("account")
        aor = canonical(asked) if asked else None
        if aor is not None and not backend.has_account(aor):
            raise Problem(404, f"there is no account {aor}: give it like alice@example.com")
        return answer([{"account": one.aor, **shown_entry(one)} for one in await _listed(backend, request, aor)])

    return [Route("/api/v1/history", history)]


def my_history_routes(backend: Backend) -> list[Route]:
    """Return the phones' routes."""

    async def history(request: Request) -> Response:
        account = by_token(backend, request)
        return answer([shown_entry(entry) for entry in await _listed(backend, request, account.aor)])

    async def read(request: Request) -> Response:
        account = by_token(backend, request)
        return answer({"unread": await _read(backend, account, await read_body(request, ReadBody))})

    return [Route("/me/history", history), Route("/me/read", read, methods=["POST"])]


def shown_entry(entry: Entry) -> dict[str, object]:
    """Return an entry as JSON has it (docs/reference/history.md)."""
    return {
        "id": entry.id,
        "trace": entry.trace,
        "kind": entry.kind.value,
        "direction": "out" if entry.is_outgoing else "in",
        "outcome": entry.outcome.value,
        "missed": entry.is_missed,
        "unread": entry.is_unread,
        "uri": entry.peer_uri,
        "name": entry.peer_name,
        "at": entry.at,
        "ended_at": entry.ended_at or None,
        "status": entry.status or None,
    }


async def _listed(backend: Backend, request: Request, aor: Aor | None) -> tuple[Entry, ...]:
    asked = request.query_params
    kind = asked.get("kind", "")
    if kind not in ("", *EntryKind):
        raise Problem(422, f"kind is {' or '.join(EntryKind)}")
    flags = [asked.get(name, "false") for name in ("unread", "missed")]
    if any(flag not in ("true", "false") for flag in flags):
        raise Problem(422, "unread and missed are true or false")
    op = ListHistory(
        aor=aor,
        kind=EntryKind(kind) if kind else None,
        only_unread=flags[0] == "true",
        only_missed=flags[1] == "true",
        limit=limit_of(request),
    )
    return await durable(backend.store.do(op))


def limit_of(request: Request) -> int:
    """Return how many entries a request wants at most.

    Raises:
        Problem: 422, that is no number, or not one that may be.
    """
    text = request.query_params.get("limit", str(_FEW))
    # The length first: numbers of thousands of digits are not to be read at all.
    if not (len(text) <= len(str(MOST)) and text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise Problem(422, f"limit is a number from 1 to {MOST}")
    return int(text)


async def _read(backend: Backend, account: Account, body: ReadBody) -> int:
    """Mark what was read; return how many are still unread."""
    op = MarkRead(aor=account.aor, entries=tuple(body.ids), until=backend.wall())
    marked, unread = await durable(backend.store.do(op))
    if marked and backend.desks.badge is not None:
        backend.desks.badge(account, unread, handset_of(body.instance))
    return unread
