"""`/me/settings` and `/api/v1/accounts/{aor}/settings`: what the owner of an account has chosen.

Read with an entity tag, and changed by merge patches (RFC 7396): phones that change different members at once both have
their way, and one that writes what another has changed meanwhile may ask to be told (`If-Match`, RFC 9110 13.1.1).
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical
from ringwake.api.backend import Backend
from ringwake.api.badge_change import follow_badges
from ringwake.api.bodies import durable, read_body
from ringwake.api.me import by_token
from ringwake.api.merge_patch import merged
from ringwake.api.problems import Problem, answer
from ringwake.api.settings_rules import check_settings
from ringwake.api.settings_shape import SettingsForm, handset_of, settings_of, shown_handset, shown_settings
from ringwake.model.account import Aor
from ringwake.model.settings import Settings
from ringwake.model.settings_ops import Outdated, PutSettings

PATCHES = "application/merge-patch+json"
_TAKEN = frozenset({PATCHES, "application/json"})


def settings_routes(backend: Backend) -> list[Route]:
    """Return the operator's route. It stands before `/api/v1/accounts/{aor:path}`, which would take it, too."""

    async def settings(request: Request) -> Response:
        aor = canonical(request.path_params["aor"])
        _check_account(backend, aor)
        return await _serve(backend, request, aor)

    return [Route("/api/v1/accounts/{aor:path}/settings", settings, methods=["GET", "PATCH"])]


def my_settings_routes(backend: Backend) -> list[Route]:
    """Return the phone's route."""

    async def settings(request: Request) -> Response:
        return await _serve(backend, request, by_token(backend, request).aor)

    return [Route("/me/settings", settings, methods=["GET", "PATCH"])]


def patched(settings: Settings, patch: dict[str, Any], aor: Aor) -> Settings:
    """Return what a merge patch makes of the settings of an account.

    Raises:
        Problem: 422, what would come out is not right: what, and where.
    """
    document = merged(shown_settings(settings), _by_handset(patch))
    try:
        form = msgspec.convert(document, SettingsForm)
    except msgspec.ValidationError as error:
        # Its text names types and places, never values.
        raise Problem(422, str(error)) from None
    check_settings(form, aor)
    return settings_of(form)


def _by_handset(patch: dict[str, Any]) -> dict[str, Any]:
    """Return a patch in which each phone is named as it is shown."""
    devices = patch.get("devices")
    if not isinstance(devices, dict):
        return patch
    return {**patch, "devices": {shown_handset(handset_of(name)): one for name, one in devices.items()}}


async def _serve(backend: Backend, request: Request, aor: Aor) -> Response:
    if request.method == "PATCH":
        return _shown(await _change(backend, request, aor))
    settings = backend.directory.settings(aor)
    known = request.headers.get("if-none-match")
    # A weak tag, which a proxy that compresses makes of ours, will do here, and not for If-Match (RFC 9110 8.8.3.2).
    if known is not None and _names(known.replace("W/", ""), settings):
        return _tagged(Response(status_code=HTTPStatus.NOT_MODIFIED), settings)
    return _shown(settings)


async def _change(backend: Backend, request: Request, aor: Aor) -> Settings:
    kind = request.headers.get("content-type", PATCHES).partition(";")[0].strip().lower()
    if kind not in _TAKEN:
        raise Problem(415, f"send a merge patch (RFC 7396) as {PATCHES}", {"accept-patch": PATCHES})
    patch = await read_body(request, dict[str, Any])
    wanted = request.headers.get("if-match")
    current = backend.directory.settings(aor)
    while True:
        _check_account(backend, aor)
        if wanted is not None and not _names(wanted, current):
            late = "the settings were changed meanwhile: read them again"
            raise Problem(412, late, {"etag": _tag(current)})
        settings = patched(current, patch, aor)
        if replace(settings, version=current.version) == current:
            return current
        kept = await durable(backend.store.do(PutSettings(aor=aor, settings=settings, expected=current.version)))
        if not isinstance(kept, Outdated):
            _check_account(backend, aor)
            backend.directory.put_settings(aor, kept)
            await follow_badges(backend, aor, current, kept)
            return kept
        # Each turn somebody else has had his way, so this ends.
        current = kept.current


def _check_account(backend: Backend, aor: Aor) -> None:
    """Refuse what comes too late: it would be in force for the next account of this name."""
    if not backend.has_account(aor):
        raise Problem(404, f"there is no account {aor}")


def _shown(settings: Settings) -> Response:
    return _tagged(answer(shown_settings(settings)), settings)


def _tagged(response: Response, settings: Settings) -> Response:
    response.headers["etag"] = _tag(settings)
    response.headers["accept-patch"] = PATCHES
    return response


def _tag(settings: Settings) -> str:
    return f'"{settings.version}"'


def _names(tags: str, settings: Settings) -> bool:
    """Tell whether a list of entity tags has that of the settings."""
    named = {tag.strip() for tag in tags.split(",")}
    return bool(named & {"*", _tag(settings)})
