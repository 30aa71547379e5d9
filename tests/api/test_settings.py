"""`/me/settings` and `/api/v1/accounts/{aor}/settings`: read with their version, changed by merge patches."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.api.bed import DOMAIN, FIXED, STORED, Answer, Asker, Bed, device_token, in_bed
from tests.support.faulty_store import FaultyStore

from ringwake.api.apps import operator_app, public_app
from ringwake.api.settings_shape import shown_settings
from ringwake.model.account import Aor
from ringwake.model.account_ops import ListAccounts, RemoveAccount
from ringwake.model.settings import UNCHOSEN, AlertStyle, OwnNotifications, Settings
from ringwake.model.settings_ops import ListSettings, PutSettings

MINE = "/me/settings"
URN = "urn:uuid:00000000-0000-1000-8000-aabbccddeeff"
QUIET = {"notifications": {"sound": False}}


def path(aor: str) -> str:
    return f"/api/v1/accounts/{aor}/settings"


async def phone_of(bed: Bed, aor: str = STORED, password: str = "bob-canary") -> Asker:
    """Return a phone with a device token."""
    token = await device_token(bed.phone(), aor, password)
    return Asker(public_app(bed.backend), authorization=f"Bearer {token}")


def members(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    assert answer.header("content-type") == "application/json"
    assert answer.header("accept-patch") == "application/merge-patch+json"
    return answer.json()


def test_who_has_chosen_nothing_reads_the_defaults() -> None:
    async def test(bed: Bed) -> None:
        for answer in (await (await phone_of(bed)).ask("GET", MINE), await bed.operator.ask("GET", path(STORED))):
            assert members(answer) == shown_settings(UNCHOSEN)
            assert answer.header("etag") == '"0"'

    in_bed(test)


def test_what_a_phone_sets_is_kept_in_force_and_seen_by_the_operator() -> None:
    async def test(bed: Bed) -> None:
        answer = await (await phone_of(bed)).ask("PATCH", MINE, {"notifications": {"style": "banner", "tone": "Bell"}})
        shown = members(answer)
        assert shown["notifications"] | {"style": "banner", "tone": "Bell"} == shown["notifications"]
        assert shown["calls"] == shown_settings(UNCHOSEN)["calls"]
        assert answer.header("etag") == '"1"'
        ((aor, kept),) = await bed.store.do(ListSettings())
        assert (aor, kept.notifications.style, kept.version) == (STORED, AlertStyle.BANNER, 1)
        found = bed.directory.account(Aor(STORED))
        assert found is not None
        assert found.settings == kept
        read = await bed.operator.ask("GET", path(STORED))
        assert (members(read), read.header("etag")) == (shown, '"1"')

    in_bed(test)


@pytest.mark.parametrize("aor", [FIXED, STORED, "bob@EXAMPLE.com"])
def test_accounts_of_file_and_store_have_settings(aor: str) -> None:
    async def test(bed: Bed) -> None:
        assert members(await bed.operator.ask("PATCH", path(aor), QUIET))["notifications"]["sound"] is False
        assert not bed.directory.settings(Aor(aor.lower())).notifications.sound

    in_bed(test)


def test_an_account_that_only_its_pbx_knows_has_settings() -> None:
    async def test(bed: Bed) -> None:
        app = operator_app(replace(bed.backend, has_account=lambda _: True))
        asker = Asker(app, authorization=f"Bearer {bed.backend.token.reveal()}")
        guest = f"guest@{DOMAIN}"
        assert members(await asker.ask("PATCH", path(guest), QUIET))["notifications"]["sound"] is False
        assert not bed.directory.settings(Aor(guest)).notifications.sound

    in_bed(test)


def test_null_puts_back_to_the_default_and_an_array_is_replaced() -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        first = {"calls": {"block": ["a@x", "b@x"], "do_not_disturb": True, "no_answer": 30}}
        assert members(await phone.ask("PATCH", MINE, first))["calls"]["no_answer"] == 30
        second = {"calls": {"block": ["c@x"], "do_not_disturb": None, "no_answer": None}}
        calls = members(await phone.ask("PATCH", MINE, second))["calls"]
        assert calls == {**shown_settings(UNCHOSEN)["calls"], "block": ["c@x"]}
        assert members(await phone.ask("PATCH", MINE, {"calls": None})) == shown_settings(UNCHOSEN)

    in_bed(test)


def test_one_phone_is_named_with_and_without_angle_brackets_and_goes_by_null() -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        await phone.ask("PATCH", MINE, {"devices": {f"<{URN.upper()}>": {"name": "Kitchen"}}})
        both = await phone.ask("PATCH", MINE, {"devices": {URN: QUIET}})
        own = {"name": "Kitchen", **QUIET, "accepts_calls": True, "ring_after": 0.0}
        assert members(both)["devices"] == {URN: own}
        kept = bed.directory.settings(Aor(STORED)).device(f"<{URN}>")
        assert (kept.name, kept.notifications) == ("Kitchen", OwnNotifications(sound=False))
        assert members(await phone.ask("PATCH", MINE, {"devices": {URN: None}}))["devices"] == {}

    in_bed(test)


def test_who_has_the_newest_version_is_spared_the_answer() -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        for tags in ('"0"', '"7", "0"', 'W/"0"', "*"):
            answer = await phone.ask("GET", MINE, if_none_match=tags)
            assert (answer.status, answer.body, answer.header("etag")) == (304, b"", '"0"')
        assert (await phone.ask("GET", MINE, if_none_match='"7"')).status == 200

    in_bed(test)


def test_whoever_asks_for_another_version_changes_nothing_and_hears_of_the_one_that_stands() -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        for tags in ('"0"', '"9", "1"', "*"):
            version = bed.directory.settings(Aor(STORED)).version
            sound = {"notifications": {"sound": version % 2 == 1}}
            assert (await phone.ask("PATCH", MINE, sound, if_match=tags)).header("etag") == f'"{version + 1}"'
        for tag in ('"1"', 'W/"3"'):
            late = await phone.ask("PATCH", MINE, {"notifications": {"badge": False}}, if_match=tag)
            assert (late.status, late.problem()) == (412, "the settings were changed meanwhile: read them again")
            assert late.header("etag") == '"3"'
        assert bed.directory.settings(Aor(STORED)).notifications.badge

    in_bed(test)


def test_a_patch_that_changes_nothing_writes_nothing() -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        assert (await phone.ask("PATCH", MINE, {})).header("etag") == '"0"'
        assert (await phone.ask("PATCH", MINE, {"notifications": {"sound": True}})).header("etag") == '"0"'
        assert await bed.store.do(ListSettings()) == ()

    in_bed(test)


def test_two_phones_that_change_different_members_at_once_both_have_their_way() -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        patches = [QUIET, {"notifications": {"badge": False}}, {"calls": {"do_not_disturb": True}}]
        answers = await asyncio.gather(*(phone.ask("PATCH", MINE, patch) for patch in patches))
        assert sorted(str(answer.header("etag")) for answer in answers) == ['"1"', '"2"', '"3"']
        kept = bed.directory.settings(Aor(STORED))
        assert (kept.notifications.sound, kept.notifications.badge, kept.calls.do_not_disturb) == (False, False, True)
        assert dict(await bed.store.do(ListSettings())) == {STORED: kept}

    in_bed(test, store=FaultyStore())


def test_of_two_that_write_at_once_what_they_have_read_one_hears_that_it_is_late() -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        patches = [{"calls": {"block": ["a@x"]}}, {"calls": {"block": ["b@x"]}}]
        answers = await asyncio.gather(*(phone.ask("PATCH", MINE, patch, if_match='"0"') for patch in patches))
        assert sorted(answer.status for answer in answers) == [200, 412]
        won = next(answer for answer in answers if answer.status == 200)
        assert list(bed.directory.settings(Aor(STORED)).calls.block) == won.json()["calls"]["block"]

    in_bed(test, store=FaultyStore())


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"colour": "red"}, 422, "Object contains unknown field `colour`"),
        ({"notifications": {"colour": "red"}}, 422, "Object contains unknown field `colour` - at `$.notifications`"),
        ({"devices": {"x": {"colour": 1}}}, 422, "Object contains unknown field `colour` - at `$.devices[...]`"),
        ({"calls": {"next_after": 0}}, 422, "Expected `float` >= 1.0 - at `$.calls.next_after`"),
        ({"calls": {"no_answer": "soon"}}, 422, "Expected `float | null`, got `str` - at `$.calls.no_answer`"),
        ({"calls": {"quiet_hours": [{}]}}, 422, "Object missing required field `begin` - at `$.calls.quiet_hours[0]`"),
        ({"calls": {"block": ["a@x"] * 201}}, 422, "Expected `array` of length <= 200 - at `$.calls.block`"),
        ({"notifications": {"sound": 1}}, 422, "Expected `bool`, got `int` - at `$.notifications.sound`"),
        ({"notifications": "off"}, 422, "Expected `object`, got `str` - at `$.notifications`"),
        ({"devices": []}, 422, "Expected `object`, got `array` - at `$.devices`"),
        ({"calls": {"time_zone": "Mars/Phobos"}}, 422, "no name of a time zone: write it like"),
        ([], 422, "Expected `object`, got `array`"),
        (b"{", 400, "the body is not JSON"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, 413, "the body is longer than 16384 octets"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, 422, "Object contains unknown field `a`"),
        (b'{"calls":{"block":["\\ud800@x"]}}', 400, "the body is not JSON"),
    ],
)
def test_what_cannot_be_set_is_told_and_changes_nothing(body: object, status: int, detail: str) -> None:
    async def test(bed: Bed) -> None:
        answer = await (await phone_of(bed)).ask("PATCH", MINE, body)
        assert answer.status == status, answer.body
        assert answer.problem().startswith(detail)
        assert bed.directory.settings(Aor(STORED)) is UNCHOSEN
        assert await bed.store.do(ListSettings()) == ()

    in_bed(test)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/merge-patch+json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json-patch+json", 415),
        ("text/plain", 415),
    ],
)
def test_only_merge_patches_are_taken(kind: str, status: int) -> None:
    async def test(bed: Bed) -> None:
        answer = await (await phone_of(bed)).ask("PATCH", MINE, QUIET, content_type=kind)
        assert (answer.status, answer.header("accept-patch")) == (status, "application/merge-patch+json")

    in_bed(test)


def test_strangers_neither_read_nor_write() -> None:
    async def test(bed: Bed) -> None:
        for method in ("GET", "PATCH"):
            assert (await bed.phone().ask(method, MINE, QUIET)).status == 401
            assert (await bed.stranger.ask(method, path(STORED), QUIET)).status == 401
            nobody = await bed.operator.ask(method, path("nobody@example.com"), QUIET)
            assert (nobody.status, nobody.problem()) == (404, "there is no account nobody@example.com")
        for app in (bed.operator, await phone_of(bed)):
            assert (await app.ask("PUT", MINE, QUIET)).status in (404, 405)

    in_bed(test)


def test_what_cannot_be_written_is_not_in_force() -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        assert isinstance(bed.store, FaultyStore)
        bed.store.broken = (PutSettings,)
        assert (await phone.ask("PATCH", MINE, QUIET)).status == 503
        assert bed.directory.settings(Aor(STORED)) is UNCHOSEN

    in_bed(test, store=FaultyStore())


def test_settings_are_kept_apart_from_the_account_and_outlive_a_new_password() -> None:
    async def test(bed: Bed) -> None:
        await (await phone_of(bed)).ask("PATCH", MINE, QUIET)
        account = f"/api/v1/accounts/{STORED}"
        assert (await bed.operator.ask("PUT", account, {"password": "another"})).status == 200
        assert not bed.directory.settings(Aor(STORED)).notifications.sound
        found = bed.directory.account(Aor(STORED))
        assert found is not None
        assert not found.settings.notifications.sound
        assert [one.settings for one in await bed.store.do(ListAccounts())] == [UNCHOSEN]
        assert (await bed.operator.ask("DELETE", account)).status == 204
        assert bed.directory.settings(Aor(STORED)) is UNCHOSEN
        assert await bed.store.do(ListSettings()) == ()

    in_bed(test)


def test_a_change_whose_account_goes_while_its_body_comes_is_not_in_force_for_the_next_one_of_that_name() -> None:
    async def test(bed: Bed) -> None:
        phone, app = await phone_of(bed), public_app(bed.backend)
        token = await device_token(bed.phone(), STORED, "bob-canary")

        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            async def receive_late() -> Message:
                assert (await bed.operator.ask("DELETE", f"/api/v1/accounts/{STORED}")).status == 204
                return await receive()

            await app(scope, receive_late, send)

        diverted = {"calls": {"forward": {"always": "sip:eve@example.com"}}}
        answer = await Asker(late, authorization=f"Bearer {token}").ask("PATCH", MINE, diverted)
        assert answer.status == 404
        await bed.put(STORED, "bob-canary")
        assert members(await phone.ask("GET", MINE)) == shown_settings(UNCHOSEN)
        assert await bed.store.do(ListSettings()) == ()

    in_bed(test)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_change_and_a_removal_at_once_leave_nothing_behind(is_first: bool) -> None:
    async def test(bed: Bed) -> None:
        phone = await phone_of(bed)
        assert isinstance(bed.store, FaultyStore)
        bed.store.delay = 0.05
        wishes = [
            phone.ask("PATCH", MINE, {"calls": {"forward": {"always": "sip:eve@example.com"}}}),
            bed.operator.ask("DELETE", f"/api/v1/accounts/{STORED}"),
        ]
        answers = await asyncio.gather(*(wishes if is_first else reversed(wishes)))
        assert {answer.status for answer in answers} <= {204, 401, 404}
        assert await bed.store.do(ListSettings()) == ()
        assert bed.directory.settings(Aor(STORED)) is UNCHOSEN

    in_bed(test, store=FaultyStore())


def test_an_account_that_could_not_be_removed_keeps_its_settings() -> None:
    async def test(bed: Bed) -> None:
        await (await phone_of(bed)).ask("PATCH", MINE, QUIET)
        assert isinstance(bed.store, FaultyStore)
        bed.store.broken = (RemoveAccount,)
        assert (await bed.operator.ask("DELETE", f"/api/v1/accounts/{STORED}")).status == 503
        found = bed.directory.account(Aor(STORED))
        assert found is not None
        assert not found.settings.notifications.sound

    in_bed(test, store=FaultyStore())


def test_settings_of_an_account_that_only_its_pbx_knows_stay_when_it_is_asked_to_be_removed() -> None:
    async def test(bed: Bed) -> None:
        bed.directory.put_settings(Aor("guest@example.org"), Settings(version=3))
        assert (await bed.operator.ask("DELETE", "/api/v1/accounts/guest@example.org")).status == 404
        assert bed.directory.settings(Aor("guest@example.org")).version == 3

    in_bed(test)
