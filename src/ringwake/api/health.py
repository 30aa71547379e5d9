"""Is it alive, is it ready, and what does it count. No secrets, so no token."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.backend import Backend
from ringwake.api.problems import answer
from ringwake.observe.metrics import CONTENT_TYPE


def health_routes(backend: Backend) -> list[Route]:
    """Return `/livez`, `/readyz` and `/metrics`."""

    async def livez(_: Request) -> Response:
        return answer({"status": "ok"})

    async def readyz(_: Request) -> Response:
        problems = backend.problems()
        return answer({"status": "unready" if problems else "ok", "problems": problems}, 503 if problems else 200)

    async def metrics(_: Request) -> Response:
        return Response(backend.metrics.text(), media_type=CONTENT_TYPE)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]
