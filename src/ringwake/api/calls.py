"""`/api/v1/calls` and `/api/v1/devices`: what happened to a call, and which phones there are."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical
from ringwake.api.backend import Backend
from ringwake.api.bodies import durable
from ringwake.api.problems import Problem, answer
from ringwake.model.binding import Binding
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
        found = backend.traces.find(name)
        if found is None:
            raise Problem(404, f"no call or message {name} in memory: give a trace id, a Call-ID, or last")
        return answer({**_summary(found), "left_out": found.left_out, "events": _events(found)})

    async def devices(request: Request) -> Response:
        asked, wall = request.query_params.get("account"), backend.wall()
        aor = canonical(asked) if asked else None
        if aor is not None and backend.directory.account(aor) is None:
            raise Problem(404, f"there is no account {aor}: give it like alice@example.com")
        bindings = await durable(backend.store.do(ListBindings(aor=aor, wall=wall)))
        return answer([_device(backend, binding, wall) for binding in bindings])

    return [
        Route("/api/v1/calls", calls),
        Route("/api/v1/calls/{name:path}/timeline", timeline),
        Route("/api/v1/devices", devices),
    ]


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
        "state": binding.state(is_live=awake, wall=wall).value,
        "push": tokens,
        "transport": binding.flow.transport.value,
        "user_agent": binding.user_agent,
        "registered_at": binding.registered_at,
        "expires_at": binding.expires_at,
        "refresh_at": binding.refresh_at,
    }
