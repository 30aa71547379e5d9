"""`/api/v1/checks`: what `ringwake doctor` asks a running server."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.backend import Backend
from ringwake.api.problems import answer
from ringwake.model.check import Check, Verdict


def check_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def checks(_: Request) -> Response:
        pushing = await backend.push.checks() if backend.push else []
        found = [*_store(backend), *backend.pbx.checks(), *await _relay(backend), *pushing]
        return answer([shown_check(check) for check in found])

    return [Route("/api/v1/checks", checks)]


def _store(backend: Backend) -> list[Check]:
    problems = backend.problems()
    if not problems:
        return [Check(name="store", verdict=Verdict.OK, cause="the store can write")]
    mend = "see to the disk: calls ring, but nothing is kept over a restart"
    return [Check(name="store", verdict=Verdict.FAIL, cause=problem, mend=mend) for problem in problems]


async def _relay(backend: Backend) -> list[Check]:
    if backend.ask_relay is None:
        return []
    trouble = await backend.ask_relay()
    if not trouble:
        return [Check(name="media relay", verdict=Verdict.OK, cause="rtpengine answers")]
    mend = "see to rtpengine and to `media.rtpengine` in the configuration: calls that need it fail with 500"
    return [Check(name="media relay", verdict=Verdict.FAIL, cause=trouble, mend=mend)]


def shown_check(check: Check) -> dict[str, str]:
    """Return a check as JSON shows it."""
    return {"name": check.name, "verdict": check.verdict.value, "cause": check.cause, "mend": check.mend}
