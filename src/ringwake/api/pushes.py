"""`/api/v1/pushes`: a push to see whether it arrives, or whether a push service takes our credentials."""

from __future__ import annotations

import asyncio
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical
from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.checks import shown_check
from ringwake.api.problems import Problem, answer
from ringwake.api.push_desk import PushDesk
from ringwake.edge.push_trial import UntestableError
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.check import Verdict
from ringwake.model.push import Accepted, Refused
from ringwake.model.store_ops import ListBindings
from ringwake.wake.push_result import PushResult, sentence

LONGEST = 120.0
_Text = Annotated[str, Meta(max_length=255)]


class PushBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Whom to push to: a phone, or, with `provider`, nobody."""

    device: _Text = ""
    """Id of a phone, or how it begins."""
    account: _Text = ""
    """Address of record: the phone is one of its own."""
    wait: Annotated[float, Meta(ge=0, le=LONGEST)] = 20.0
    """Seconds to wait for the phone."""
    provider: _Text = ""
    param: _Text = ""
    """Of the applications of `provider` only this one."""


def push_test_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def pushes(request: Request) -> Response:
        wanted = await read_body(request, PushBody)
        if backend.push is None:
            raise Problem(422, "this server pushes to nobody: add [[app]] to the configuration")
        if wanted.provider:
            return await _try_out(backend.push, wanted)
        binding = await _device(backend, wanted)
        try:
            result = await backend.push.test(binding, wanted.wait)
        except UntestableError as error:
            raise Problem(409, f"{binding.aor} {binding.id}: {error}") from None
        return answer(_shown(binding, result))

    return [Route("/api/v1/pushes", pushes, methods=["POST"])]


async def _device(backend: Backend, wanted: PushBody) -> Binding:
    """Find the one phone that is meant.

    Raises:
        Problem: none is, or several.
    """
    if not wanted.device and not wanted.account:
        raise Problem(422, "name a device, an account or a provider")
    aor = canonical(wanted.account) if wanted.account else None
    if aor is not None and not backend.has_account(aor):
        raise Problem(404, f"there is no account {aor}: give it like alice@example.com")
    bindings = await durable(backend.store.do(ListBindings(aor=aor, wall=backend.wall())))
    found = [binding for binding in bindings if binding.id.startswith(wanted.device)]
    exact = [binding for binding in found if binding.id == wanted.device]
    if not wanted.device:
        found = [binding for binding in found if binding.push is not None] or found
    found = list({binding.phone: binding for binding in found}.values())  # a phone may have several flows (RFC 5626)
    if not found:
        raise Problem(404, "there is no such phone: see `ringwake device list`")
    if len(found) > 1 and len(exact) != 1:
        several = ", ".join(binding.id for binding in found[:5])
        raise Problem(409, f"several phones are meant: {several}: name one with --device")
    return (exact or found)[0]


async def _try_out(desk: PushDesk, wanted: PushBody) -> Response:
    if wanted.provider not in set(Provider):
        raise Problem(422, f"no push service: name one of {', '.join(Provider)}")
    keys = [app.key for app in desk.apps() if app.key.provider == wanted.provider]
    keys = [key for key in keys if wanted.param in ("", key.param)]
    if not keys:
        raise Problem(404, "there is no such application: see `ringwake app list`")
    checks = await asyncio.gather(
        *map(desk.try_out, keys)
    )  # one service that is silent makes the others wait for nothing
    is_good = all(check.verdict is not Verdict.FAIL for check in checks)
    return answer({"ok": is_good, "checks": [shown_check(check) for check in checks]})


def _shown(binding: Binding, result: PushResult) -> dict[str, object]:
    outcome = result.outcome
    return {
        "ok": result.is_good,
        "account": binding.aor,
        "device": binding.id,
        "provider": result.app.provider.value,
        "app": result.app.param,
        "kind": result.kind.value,
        "trace": result.trace,
        "outcome": type(outcome).__name__.lower(),
        "status": 200 if isinstance(outcome, Accepted) else outcome.status if isinstance(outcome, Refused) else None,
        "reason": "" if isinstance(outcome, Accepted) else outcome.reason,
        "id": outcome.id if isinstance(outcome, Accepted) else "",
        "ms": round(result.seconds * 1000, 1),
        "woke_ms": None if result.woke is None else round(result.woke * 1000, 1),
        "said": sentence(result),
    }
