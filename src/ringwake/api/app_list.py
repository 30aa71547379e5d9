"""`/api/v1/apps`: the applications at the push services, and how pushing to them goes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.backend import Backend
from ringwake.api.problems import answer
from ringwake.api.push_desk import AppStands


def app_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def apps(_: Request) -> Response:
        return answer([_shown(app) for app in backend.push.apps()] if backend.push else [])

    return [Route("/api/v1/apps", apps)]


def _shown(app: AppStands) -> dict[str, object]:
    pushes = app.pushes
    error = {"reason": pushes.last_error, "at": pushes.last_error_at} if pushes.last_error else None
    return {
        "provider": app.key.provider.value,
        "param": app.key.param,
        "tenant": app.tenant,
        "credentials": {"state": app.credentials, "problem": app.problem, "expires_at": app.expires_at},
        "pushes": {"sent": pushes.sent, "accepted": pushes.accepted, "failed": pushes.failed},
        "circuit": app.circuit,
        "last_error": error,
    }
