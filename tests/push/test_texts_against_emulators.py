"""What an application adds to its pushes arrives at its phones, through services of another reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.push.loop import run
from tests.push.test_against_emulators import SERVICES, stage

from ringwake.model.push import Accepted, Alert, Loc, Refused

ALERT = Alert(
    title="alice@example.com",
    body="Boss calling",
    loc=Loc(key="IC_MSG", args=('B"oss\r\n\u2028', "sip:boss@h"), title_key="IC_TITLE"),
    sound="ring.caf",
    badge=1,
)
EXTRA = (
    ("call-id", "1@h\r\nx: y"),
    ("from-uri", "sip:boss@h"),
    ("display-name", 'B"oss\u2028\0'),
    ("loc-key", "IC_MSG"),
)
LOC = {"key": "IC_MSG", "args": ['B"oss\r\n\u2028', "sip:boss@h"], "title_key": "IC_TITLE"}


@pytest.fixture(scope="module", name="folder")
def folder_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


def content(push: dict[str, Any]) -> dict[str, Any]:
    """Return what the phone got; a page gets its text."""
    payload = push["payload"]
    found: dict[str, Any] = json.loads(payload) if isinstance(payload, str) else payload
    return found


def localised(service: str, got: dict[str, Any]) -> dict[str, Any]:
    """Return the names of the app's own texts, in one form."""
    match service:
        case "apns":
            alert = got["aps"]["alert"]
            assert not {"title", "body"} & alert.keys()
            return {"key": alert["loc-key"], "args": alert["loc-args"], "title_key": alert["title-loc-key"]}
        case "fcm":
            assert got["body"] == "Boss calling"
            return {"key": got["loc_key"], "args": json.loads(got["loc_args"]), "title_key": got["title_loc_key"]}
        case "hms" | "http":
            found: dict[str, Any] = got["alert"]["loc"]
            return found
        case _:
            assert got["notification"]["body"] == "Boss calling"
            loc: dict[str, Any] = got["loc"]
            return loc


@pytest.mark.parametrize("service", SERVICES)
def test_texts_of_the_app_and_further_members_arrive_as_they_are(service: str, folder: Path) -> None:
    async def story() -> None:
        async with stage(folder) as lab:
            assert isinstance(await lab.send(service, alert=ALERT, extra=EXTRA), Accepted)
            got = content(await lab.phone.push())
            assert {name: got[name] for name, _ in EXTRA} == dict(EXTRA)
            assert localised(service, got) == LOC

    run(story())


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_too_long_for_its_service_is_refused_by_ourselves_and_what_fits_arrives(
    service: str, folder: Path
) -> None:
    async def story() -> None:
        async with stage(folder) as lab:
            assert await lab.send(service, call_id="x" * 6000) == Refused("payload too large", 413)
            members = tuple((f"x{number}", "\u2028" * 900) for number in range(6))
            assert isinstance(await lab.send(service, extra=members, from_name="y" * 9000), Accepted)
            got = content(await lab.phone.push())
            kept = [name for name, _ in members if name in got]
            assert kept == [name for name, _ in members][: len(kept)]
            assert 0 < len(kept) < len(members)

    run(story())
