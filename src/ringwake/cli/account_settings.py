"""`ringwake account show` and the settings of `set`: through the running server, or in the database when none runs."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

import msgspec

from ringwake.api.problems import Problem
from ringwake.api.settings import patched
from ringwake.api.settings_shape import DAYS, SettingsForm, handset_of, settings_of, shown_handset, shown_settings
from ringwake.app.system import wall_now
from ringwake.cli.database import Database
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.operator import Asked, ask, exchange
from ringwake.cli.plain import plain
from ringwake.cli.settings_options import settings_patch
from ringwake.config.state import RunningServer
from ringwake.model.account import Aor
from ringwake.model.account_ops import ListAccounts
from ringwake.model.ports import Store
from ringwake.model.settings import UNCHOSEN, Settings
from ringwake.model.settings_ops import ListSettings, PutSettings
from ringwake.model.store_ops import ListBindings
from ringwake.model.tenant import Upstream

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account before its settings are changed."""

    aor: Aor
    settings: Settings
    phones: tuple[tuple[str, str], ...]
    """Id and handset of each."""


Wish: TypeAlias = Callable[[Known], Json]
"""Makes the merge patch."""


def read_settings(place: RunningServer | Database, aor: Aor) -> Json:
    """Return the settings of an account as JSON has them.

    Raises:
        CommandError: there is no such account, or it cannot be read.
    """
    if isinstance(place, RunningServer):
        document: Json = ask(place, "GET", _path(aor))
        return document
    return shown_settings(asyncio.run(_in_database(place, aor, None)))


def change_settings(place: RunningServer | Database, aor: Aor, options: argparse.Namespace) -> None:
    """Change the settings of an account as the options say.

    Raises:
        CommandError: there is no such account or phone, what is wanted is not right, or it cannot be written.
    """

    def wish(known: Known) -> Json:
        device = _meant(known, options.device) if options.device is not None else ""
        patch = settings_patch(options, shown_settings(known.settings), shown_handset(device))
        try:
            patched(known.settings, patch, aor)
        except Problem as problem:
            raise CommandError(problem.detail, USAGE) from None
        return patch

    if isinstance(place, RunningServer):
        _through(place, aor, wish)
    else:
        asyncio.run(_in_database(place, aor, wish))


def lines_of(document: Json) -> list[str]:
    """Write settings for people: one member a line, by its name in JSON; then each phone."""
    account = {name: part for name, part in document.items() if name != "devices"}
    lines = _aligned(account)
    for handset, device in document["devices"].items():
        lines += [f"devices.{handset}", *(f"  {line}" for line in _aligned(device))]
    return [plain(line) for line in lines]


def _aligned(document: Json) -> list[str]:
    members = list(_members(document, ""))
    width = max(len(name) for name, _ in members)
    return [f"{name:{width}}  {value}" for name, value in members]


def _through(server: RunningServer, aor: Aor, wish: Wish) -> None:
    found = exchange(server, Asked("GET", _path(aor)))
    devices = ask(server, "GET", f"/api/v1/devices?account={quote(aor, safe='')}")
    phones = tuple((device["id"], handset_of(device["handset"])) for device in devices)
    patch = wish(Known(aor, settings_of(msgspec.convert(found.value, SettingsForm)), phones))
    # A list goes back whole: nobody else's entry may be lost with it. Other members do not depend on what was read.
    is_list = not {"allow", "block"}.isdisjoint(patch.get("calls") or {})
    exchange(server, Asked("PATCH", _path(aor), patch, found.tag if is_list else ""))


async def _in_database(database: Database, aor: Aor, wish: Wish | None) -> Settings:
    """Return the settings of an account, after they were changed if there is a wish."""
    async with database.opened() as store:
        if not await _has_account(database, store, aor):
            raise CommandError(f"there is no account {aor}")
        settings = dict(await store.do(ListSettings())).get(aor, UNCHOSEN)
        if wish is not None:
            bindings = await store.do(ListBindings(aor=aor, wall=wall_now()))
            known = Known(aor, settings, tuple((binding.id, binding.handset) for binding in bindings))
            await store.do(PutSettings(aor=aor, settings=patched(settings, wish(known), aor)))
        return settings


async def _has_account(database: Database, store: Store, aor: Aor) -> bool:
    """Tell whether an account may exist: also one that only its PBX knows."""
    tenant = database.tenants.get(aor.rpartition("@")[2])
    if tenant is not None and tenant.upstream in (Upstream.PATH, Upstream.CONTACT):
        return True
    return any(one.aor == aor for one in (*database.fixed, *await store.do(ListAccounts())))


def _path(aor: Aor) -> str:
    return f"/api/v1/accounts/{quote(aor, safe='')}/settings"


def _meant(known: Known, text: str) -> str:
    """Return the handset that a person means: by its name, or by the beginning of a binding's id."""
    handset = handset_of(text)
    is_urn = shown_handset(handset) != handset
    if is_urn or any(handset == device.device for device in known.settings.devices):
        return handset
    found = {phone for name, phone in known.phones if phone == text or (text and name.startswith(text))}
    if len(found) != 1:
        many = "several phones have" if found else "no phone has"
        raise CommandError(f"{many} an id that begins so: see `ringwake device list {known.aor}`")
    return found.pop()


def _members(value: object, name: str) -> Iterator[tuple[str, str]]:
    if not (isinstance(value, dict) and value):
        yield name, _written(value)
        return
    for inner, part in value.items():
        yield from _members(part, f"{name}.{inner}".removeprefix("."))


def _written(value: object) -> str:
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g} s"
        case list():
            return ", ".join(_hours(one) if isinstance(one, dict) else str(one) for one in value) or "-"
        case None | "" | {}:
            return "-"
        case _:
            return str(value)


def _hours(value: Json) -> str:
    days = "" if tuple(value["days"]) == DAYS else f"{' '.join(value['days'])} "
    return f"{days}{value['begin']}-{value['end']}"


def print_settings(document: Json, *, as_json: bool) -> None:
    """Print settings."""
    print(json.dumps(document) if as_json else "\n".join(lines_of(document)))
