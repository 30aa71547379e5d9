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
from ringwake.model.history import MISSED, Entry, EntryKind
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
        "missed": entry.kind is EntryKind.CALL and entry.outcome in MISSED,
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
    limit = asked.get("limit", str(_FEW))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST):
        raise Problem(422, f"limit is a number from 1 to {MOST}")
    is_missed = flags[1] == "true"
    op = ListHistory(
        aor=aor,
        kind=EntryKind.CALL if is_missed else EntryKind(kind) if kind else None,
        only_unread=flags[0] == "true",
        limit=MOST if is_missed else int(limit),
    )
    found = await durable(backend.store.do(op))
    return tuple(one for one in found if not is_missed or one.outcome in MISSED)[: int(limit)]


async def _read(backend: Backend, account: Account, body: ReadBody) -> int:
    """Mark what was read; return how many are still unread."""
    op = MarkRead(aor=account.aor, entries=tuple(body.ids), until=backend.wall())
    marked, unread = await durable(backend.store.do(op))
    if marked and backend.desks.badge is not None:
        backend.desks.badge(account, unread, handset_of(body.instance))
    return unread
