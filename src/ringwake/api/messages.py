"""`/api/v1/messages`: what was written to accounts and what became of it, and a message in the name of an account."""

from __future__ import annotations

import asyncio
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical, new_aor
from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.history import limit_of, shown_entry
from ringwake.api.problems import Problem, answer
from ringwake.edge.send_message import Fate, Writing
from ringwake.model.history import EntryKind, Outcome
from ringwake.model.history_ops import ListHistory
from ringwake.sip.errors import SipError

SECONDS = 40.0
"""How long an answer waits for a PBX; after that it says that the message is still on its way."""
_HTTP = {404: 404, 413: 413, 480: 409, 503: 503}
"""Statuses of HTTP that say the same; others are a refusal."""
_LINE = r"^[^\x00-\x1f\x7f]*$"


class NewMessage(Struct, forbid_unknown_fields=True, rename={"sender": "from"}):
    """Body of a POST."""

    sender: Annotated[str, Meta(min_length=3, max_length=255)]
    """Address of record in whose name it is written."""
    to: Annotated[str, Meta(min_length=1, max_length=255, pattern=_LINE)]
    """SIP URI, address of record, or number."""
    text: str
    content_type: Annotated[str, Meta(min_length=3, max_length=255, pattern=_LINE)] = "text/plain;charset=utf-8"


def message_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def messages(request: Request) -> Response:
        return await (_send if request.method == "POST" else _list)(backend, request)

    return [Route("/api/v1/messages", messages, methods=["GET", "POST"])]


async def _list(backend: Backend, request: Request) -> Response:
    asked = request.query_params.get("account")
    aor = canonical(asked) if asked else None
    if aor is not None and not backend.has_account(aor):
        raise Problem(404, f"there is no account {aor}: give it like alice@example.com")
    op = ListHistory(aor=aor, kind=EntryKind.MESSAGE, limit=limit_of(request))
    entries = await durable(backend.store.do(op))
    return answer([{"account": entry.aor, **shown_entry(entry)} for entry in entries])


async def _send(backend: Backend, request: Request) -> Response:
    new = await read_body(request, NewMessage)
    sender = new_aor(new.sender)
    if not backend.has_account(sender):
        raise Problem(404, f"there is no account {sender}: a message is written in the name of one")
    if backend.desks.write is None:
        raise Problem(503, "nobody writes here")
    writing = Writing(sender=sender, to=new.to, body=new.text.encode(), content_type=new.content_type)
    fate: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()
    try:
        backend.desks.write(writing, lambda found: None if fate.done() else fate.set_result(found))
    except SipError as error:
        raise _refusal(error.status, error.rule) from None
    try:
        async with asyncio.timeout(SECONDS):
            return _answer(await fate)
    except TimeoutError:
        return answer({"outcome": Outcome.WAITING.value, "status": None}, 202)


def _answer(fate: Fate) -> Response:
    if fate.outcome is Outcome.REFUSED:
        raise _refusal(fate.status, f"it was refused with {fate.status}")
    shown = {"id": fate.id, "trace": fate.trace, "to": fate.to, "outcome": fate.outcome.value, "status": fate.status}
    return answer(shown, 202)


def _refusal(status: int, why: str) -> Problem:
    if status == 480:
        why = "as many messages wait for the account as may"
    return Problem(_HTTP.get(status, 422 if status in (400, 416) else 409), f"not sent: {why}")
