"""`/api/v1/calls` and `/api/v1/devices`: what happened to a call, and which phones there are."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical
from ringwake.api.backend import Backend
from ringwake.api.bodies import durable
from ringwake.api.problems import Problem, answer
from ringwake.api.settings_shape import shown_handset
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.push import Kind
from ringwake.model.store_ops import ListBindings
from ringwake.observe.trace import Timeline
from ringwake.wake.plan import is_awake

NEWEST = 50


def call_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def calls(_: Request) -> Response:
        return answer([_summary(timeline) for timeline in backend.traces.newest(NEWEST)])

    async def timeline(request: Request) -> Response:
        name = request.path_params["name"]
        found = backend.traces.find(name) or _at_pbx(backend, name)
        if found is None:
            raise Problem(404, f"no call or message {name} in memory: give a trace id, a Call-ID, last, or an account")
        return answer({**_summary(found), "left_out": found.left_out, "events": _events(found)})

    async def devices(request: Request) -> Response:
        asked, wall = request.query_params.get("account"), backend.wall()
        aor = canonical(asked) if asked else None
        if aor is not None and not backend.has_account(aor):
            raise Problem(404, f"there is no account {aor}: give it like alice@example.com")
        bindings = await durable(backend.store.do(ListBindings(aor=aor, wall=wall)))
        return answer([_device(backend, binding, wall) for binding in bindings])

    return [
        Route("/api/v1/calls", calls),
        Route("/api/v1/calls/{name:path}/timeline", timeline),
        Route("/api/v1/devices", devices),
    ]


def _at_pbx(backend: Backend, aor: str) -> Timeline | None:
    """Return what happened to an account at its PBX."""
    events = backend.pbx.of(aor)
    return Timeline(trace=aor, aor=aor, events=list(events)) if events else None


def _summary(timeline: Timeline) -> dict[str, object]:
    return {
        "trace": timeline.trace,
        "call_id": timeline.call_id,
        "account": timeline.aor,
        "verdict": timeline.verdict(),
    }


def _events(timeline: Timeline) -> list[dict[str, object]]:
    start = timeline.events[0].at if timeline.events else 0.0
    return [
        {"at_ms": round((event.at - start) * 1000, 1), "what": event.what.value, **event.fields}
        for event in timeline.events
    ]


def _device(backend: Backend, binding: Binding, wall: float) -> dict[str, object]:
    awake = is_awake(binding, is_live=backend.is_live, wall=wall)
    tokens = [token.label for _, token in binding.push.tokens] if binding.push else []
    return {
        "account": binding.aor,
        "id": binding.id,
        "handset": shown_handset(binding.handset),
        "state": binding.state(is_live=awake, wall=wall).value,
        "provider": _provider(binding),
        "push": tokens,
        "transport": binding.flow.transport.value,
        "user_agent": binding.user_agent,
        "registered_at": binding.registered_at,
        "expires_at": binding.expires_at,
        "refresh_at": binding.refresh_at,
        "no_refresh": "" if binding.refresh_at else _no_refresh(binding),
        "last_wake": _wake(binding.wakes.at, binding.wakes.why),
        "wakes": binding.wakes.by_reason(),
        "pushed": _pushed(backend, binding),
        "pbx": backend.pbx.sentence(binding.aor) or None,
    }


def _provider(binding: Binding) -> str | None:
    """Name the push service of a phone, also of one whose token it has called dead."""
    provider = binding.push.app.provider if binding.push else binding.dead_token
    return provider.value if provider else None


def _wake(at: float, why: Kind | None) -> dict[str, object] | None:
    return {"at": at, "why": why.value} if why else None


def _pushed(backend: Backend, binding: Binding) -> dict[str, object] | None:
    """Return the last push that the phone has not answered. One whose REGISTER named no token has come all the same."""
    wakes = backend.ledger.of(binding.push) if binding.push else ()
    return _wake(*wakes[-1]) if wakes and wakes[-1].at > binding.registered_at else None


def _no_refresh(binding: Binding) -> str:
    """Say why a phone gets no silent push (design.md section 5)."""
    if binding.push is None:
        return "no push token"
    if binding.push.vehicle(Kind.REFRESH) is not None:
        return "the last try was made"
    return "browsers get none" if binding.push.app.provider is Provider.WEBPUSH else "only a VoIP token"
