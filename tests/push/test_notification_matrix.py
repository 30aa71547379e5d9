"""What a person has chosen is what the phone gets, to the octet: every choice, on every service, for every kind.

Wording, senders and emulators are the real ones; what is expected stands in `tests/push/wishes.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.push.loop import run
from tests.push.test_against_emulators import Stage, stage, wall
from tests.push.wishes import ACCOUNT, CALL_ID, KINDS, TABLE, UNREAD, Carried, Wish, is_sent, wishes
from tests.wake.phones import SEAL, binding

from ringwake.model.account import Account, Aor
from ringwake.model.app import App
from ringwake.model.push import Accepted, Kind, Push, PushTarget, Service
from ringwake.model.settings import AlertStyle, Notifications, Settings
from ringwake.secret import Secret
from ringwake.wake.announcement import Announcement
from ringwake.wake.wording import Caller

BOSS = Caller("sip:boss@example.com", "Boss", display="Boss")
SOUNDS: dict[str, dict[str, Any]] = {
    "off": {"sound": False, "tone": "bell.caf", "is_critical": True},
    "on": {},
    "named": {"tone": "bell.caf"},
    "critical": {"tone": "alarm.caf", "is_critical": True},
}
WISHES = list(wishes())


@pytest.fixture(scope="module", name="folder")
def folder_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One push to one phone."""

    platform: str
    target: PushTarget
    kind: Kind
    wish: Wish

    def push(self, at: float) -> Push | None:
        """Return it as the wake makes it; None if the phone gets none."""
        wish, blank = self.wish, Secret("0" * 32)
        chosen = Notifications(
            allowed=wish.allowed,
            style=AlertStyle(wish.style),
            badge=wish.badge,
            preview=wish.preview,
            **SOUNDS[wish.sound],
        )
        account = Account(
            aor=Aor(ACCOUNT),
            tenant="example.com",
            ha1_md5=blank,
            ha1_sha256=blank,
            settings=Settings(notifications=chosen),
        )
        app = App(key=self.target.app, tenant="example.com", show_caller=True)
        words = Announcement(
            account=account,
            call_id=CALL_ID,
            caller=BOSS,
            identity=repr((self.kind, wish)).encode(),
            seal=SEAL,
            find_app=lambda _: app,
            unread=UNREAD,
        )
        return words.push(self.kind, binding(push=self.target), seq=1, wall=at, until=at + 20)


def target_of(platform: str, it: Stage) -> PushTarget:
    """Return the phone of a platform; an iPhone without CallKit has one token."""
    if not platform.startswith("apns"):
        return it.targets[platform]
    both = it.targets["apns"]
    if platform == "apns voip":
        return both
    return replace(both, tokens=tuple(one for one in both.tokens if one[0] is Service.REMOTE))


async def got(it: Stage, push: Push) -> dict[str, Any]:
    """Send a push and return what the phone got, with its JSON texts read."""
    assert isinstance(await it.senders.send(push), Accepted)
    found = await it.phone.push()
    payload = found["payload"]
    if isinstance(payload, str):
        payload = json.loads(payload)
    if isinstance(payload["ringwake"], str):
        payload["ringwake"] = json.loads(payload["ringwake"])
    return {**found, "payload": payload}


async def differences(it: Stage, case: Case) -> list[str]:
    """Return what is not as the page says."""
    at, kind = wall(), case.kind.value
    name = f"{case.platform} {kind} {case.wish}"
    push = case.push(at)
    if push is None or not is_sent(case.platform, kind, case.wish):
        return [] if (push is None) is not is_sent(case.platform, kind, case.wish) else [f"{name}: {push}"]
    found = await got(it, push)
    carried = Carried(kind=kind, wish=case.wish, id=push.notice.id, expires=int(at + 20))
    payload, around = TABLE[case.platform](carried)
    wrong = []
    if found["payload"] != payload:
        wrong.append(f"{name}: {found['payload']} is not {payload}")
    wrong += [f"{name}: {key} is {found[key]}" for key, value in around.items() if found[key] != value]
    return wrong


@pytest.mark.parametrize("platform", TABLE)
def test_every_choice_is_what_the_phone_gets(platform: str, folder: Path) -> None:
    async def story() -> None:
        async with stage(folder) as it:
            for service in ("apns", "fcm"):
                await it.lab.switches.set(service, quota=0)  # all of them at once, and to one phone
            target, wrong = target_of(platform, it), []
            for wish in WISHES:
                for kind in KINDS:
                    case = Case(platform=platform, target=target, kind=Kind(kind), wish=wish)
                    wrong += await differences(it, case)
            assert wrong == []

    run(story())


def test_every_kind_is_in_the_matrix() -> None:
    assert set(KINDS) == {kind.value for kind in Kind}
    assert len(WISHES) == 49
