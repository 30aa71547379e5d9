"""`/act/...`: what a person does from a notification, by a URL that a push has brought (docs/adr/0040-actions.md)."""

from __future__ import annotations

import asyncio
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.problems import Problem
from ringwake.edge.act import Done
from ringwake.edge.send_message import Fate
from ringwake.model.history import Outcome
from ringwake.model.history_ops import ListHistory
from ringwake.model.once_ops import UseOnce
from ringwake.wake.actions import PATH, WRITING, Act, Action

SECONDS = 15.0
"""How long an answer waits for a PBX that is to take what was written: a service worker does not live much longer."""
_UNTAKEN = "this link is not good: it was used, or it is over, or it is none of ours"
# A service worker may stand under another origin. Nothing here rests on cookies, so any may ask.
_CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "content-type",
    "access-control-max-age": "86400",
}


class Words(Struct, forbid_unknown_fields=True):
    """Body of an act that writes; without it a call is answered with a text of ours."""

    text: Annotated[str, Meta(max_length=2000)] = ""


def act_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def act(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_CORS)
        try:
            await _act(backend, request)
        except Problem as problem:
            problem.headers |= _CORS
            raise
        return Response(status_code=204, headers={**_CORS, "cache-control": "no-store"})

    # No GET: a link that is looked at before it is clicked must not decline a call.
    return [Route(f"{PATH}{{link}}", act, methods=["POST", "OPTIONS"])]


async def _act(backend: Backend, request: Request) -> None:
    links = backend.links
    found = links.open(request.path_params["link"]) if links is not None else None
    if links is None or found is None or found.until <= backend.wall() or backend.desks.act is None:
        raise Problem(403, _UNTAKEN)
    text = await _text(request, found)
    # Asked again: the text may have come slowly, and what is over is not remembered as used.
    is_over = found.until <= backend.wall()
    if is_over or not await durable(backend.store.do(UseOnce(name=links.name(found), until=found.until))):
        raise Problem(403, _UNTAKEN)
    fate: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()
    match backend.desks.act(found, text, lambda told: None if fate.done() else fate.set_result(told)):
        case Done.OVER:
            raise Problem(410, "the call is over")
        case Done.NOBODY:
            raise Problem(409, "there is nobody to write to")
        case Done.DONE:
            await _settled(backend, found, fate)


async def _settled(backend: Backend, act: Act, fate: asyncio.Future[Fate]) -> None:
    """Wait until what was done is on disk, and what was written is taken, or known not to be."""
    # A read is answered when all is durable that was submitted before it.
    await durable(backend.store.do(ListHistory(aor=act.aor, limit=1)))
    if act.action not in WRITING:
        return
    try:
        async with asyncio.timeout(SECONDS):
            told = await fate
    except TimeoutError:
        return  # a PBX that takes its time is asked again and again
    if told.outcome is Outcome.REFUSED:
        raise Problem(409, f"not sent: it was refused with {told.status}")


async def _text(request: Request, act: Act) -> str:
    """Return what is to be written. A body where nothing is written is not looked at: browsers may send one."""
    has_body = "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"
    text = (await read_body(request, Words)).text.strip() if act.action in WRITING and has_body else ""
    if act.action is Action.REPLY and not text:
        raise Problem(422, 'say what to write: {"text": "..."}')
    return text
