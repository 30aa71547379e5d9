"""The two HTTP applications: the operator's, on loopback, and the phones'. They share no route."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ringwake.api.accounts import account_routes
from ringwake.api.act import act_routes
from ringwake.api.app_list import app_routes
from ringwake.api.backend import Backend
from ringwake.api.calls import call_routes
from ringwake.api.checks import check_routes
from ringwake.api.health import health_routes
from ringwake.api.history import history_routes, my_history_routes
from ringwake.api.me import me_routes
from ringwake.api.me_push import push_routes
from ringwake.api.messages import message_routes
from ringwake.api.problems import Problem, document, on_problem
from ringwake.api.pushes import push_test_routes
from ringwake.api.settings import my_settings_routes, settings_routes
from ringwake.secret import Secret

_ERRORS = {Problem: on_problem, HTTPException: on_problem, Exception: on_problem}


class BearerGate:
    """Lets nobody without the operator's token through to `/api`."""

    def __init__(self, app: ASGIApp, token: Secret[str]) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401."""
        if scope["type"] == "http" and scope["path"].startswith("/api/") and not self._is_operator(scope):
            wanted = "the operator's token is wanted: Authorization: Bearer"
            await document(401, wanted, {"www-authenticate": "Bearer"})(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_operator(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        return scheme.lower() == b"bearer" and compare_digest(token, self._token.reveal().encode())


def operator_app(backend: Backend) -> Starlette:
    """Return the operator's application."""
    routes = [
        *health_routes(backend),
        *settings_routes(backend),
        *account_routes(backend),
        *call_routes(backend),
        *check_routes(backend),
    ]
    routes += [*app_routes(backend), *push_test_routes(backend), *history_routes(backend)]
    routes += message_routes(backend)
    app = _app(routes)
    app.add_middleware(BearerGate, token=backend.token)
    return app


def public_app(backend: Backend) -> Starlette:
    """Return the phones' application."""
    routes = [*me_routes(backend), *push_routes(backend), *my_settings_routes(backend)]
    routes += [*my_history_routes(backend), *act_routes(backend)]
    return _app(routes)


def _app(routes: Sequence[Route]) -> Starlette:
    app = Starlette(routes=routes, exception_handlers=_ERRORS)
    # Off: `/livez/` would be sent on to whatever host the request names.
    app.router.redirect_slashes = False
    return app
