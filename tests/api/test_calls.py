"""`/api/v1/calls` and `/api/v1/devices`: what happened, which phones there are; also when one writes rubbish."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.api.bed import DOMAIN, EPOCH, FIXED, STORED, Bed, in_bed
from tests.store.samples import FLOW, TRUNK, apns, contact, fcm, register

from ringwake.api.calls import NEWEST
from ringwake.model.account import Aor
from ringwake.model.app import AppKey, Provider
from ringwake.model.events import Event, Happened
from ringwake.model.push import Kind, Notice, Push, PushTarget, Service
from ringwake.model.token_ops import ForgetToken
from ringwake.model.wakes import Wake
from ringwake.observe.trace import MAX_EVENTS


def note(bed: Bed, trace: str, call_id: str = "", at: float = 10.0) -> None:
    fields = {"aor": STORED, "call_id": call_id} if call_id else {"aor": STORED}
    bed.backend.traces.note(Event(Happened.INVITE_RECEIVED, at, trace, fields))


def test_the_newest_calls_come_first_and_are_bounded() -> None:
    async def test(bed: Bed) -> None:
        for number in range(NEWEST + 5):
            note(bed, f"t{number}", f"c{number}")
        calls = (await bed.operator.ask("GET", "/api/v1/calls")).json()
        assert len(calls) == NEWEST
        assert calls[0] == {
            "trace": f"t{NEWEST + 4}",
            "call_id": f"c{NEWEST + 4}",
            "account": STORED,
            "verdict": "It is still under way.",
        }

    in_bed(test)


@pytest.mark.parametrize("name", ["t1", "last", "a/b@[::1]", "c?d#e", "100%25", "b c"])
def test_a_timeline_is_found_by_trace_by_any_call_id_and_as_the_last(name: str) -> None:
    async def test(bed: Bed) -> None:
        note(bed, "t1", "c1" if name in ("t1", "last") else name)
        bed.backend.traces.note(Event(Happened.RINGING, 12.3456, "t1", {"device": "d1", "status": 180}))
        answer = await bed.operator.ask("GET", f"/api/v1/calls/{quote(name, safe='')}/timeline")
        assert answer.status == 200, answer.body
        timeline = answer.json()
        assert (timeline["trace"], timeline["left_out"]) == ("t1", 0)
        assert [(event["at_ms"], event["what"]) for event in timeline["events"]] == [
            (0.0, "invite_received"),
            (2345.6, "ringing"),
        ]
        assert timeline["events"][1]["status"] == 180

    in_bed(test)


@pytest.mark.parametrize("name", ["last", "nothing", "", "%00", "%FF", "<script>alert(1)</script>"])
def test_a_timeline_that_is_not_there_is_404(name: str) -> None:
    async def test(bed: Bed) -> None:
        if name == "":
            note(bed, "t1")  # a message, which has no Call-ID
        answer = await bed.operator.ask("GET", f"/api/v1/calls/{name}/timeline")
        assert answer.status == 404
        assert answer.problem().endswith("in memory: give a trace id, a Call-ID, last, or an account")

    in_bed(test)


def test_a_long_timeline_says_how_much_is_left_out() -> None:
    async def test(bed: Bed) -> None:
        for number in range(MAX_EVENTS + 7):
            note(bed, "t1", "c1", float(number))
        timeline = (await bed.operator.ask("GET", "/api/v1/calls/last/timeline")).json()
        assert (len(timeline["events"]), timeline["left_out"]) == (MAX_EVENTS, 7)

    in_bed(test)


def test_a_call_id_that_is_no_unicode_blinds_nobody() -> None:
    """One INVITE with an octet 0xff would otherwise make a 500 of every list of calls."""

    async def test(bed: Bed) -> None:
        note(bed, "t1", "c\udcff1")
        operator = bed.operator
        (call,) = (await operator.ask("GET", "/api/v1/calls")).json()
        assert call["call_id"] == "c\\xff1"
        timeline = await operator.ask("GET", "/api/v1/calls/t1/timeline")
        assert timeline.json()["events"][0]["call_id"] == "c\\xff1"
        assert operator.faults == []

    in_bed(test)


async def enrol(bed: Bed, number: int, **given: object) -> None:
    of_request = {name: given.pop(name) for name in ("flow", "user_agent", "aor") if name in given}
    op = register(
        contact(f"d{number}", **given),
        cseq=1,
        call_id=f"r{number}",
        wall=bed.backend.wall(),
        **{"aor": Aor(STORED), **of_request},  # type: ignore[arg-type]  # fields of the operation
    )
    await bed.store.do(op)


def test_a_phone_is_shown_with_its_state_and_the_labels_of_its_tokens() -> None:
    async def test(bed: Bed) -> None:
        target = apns(voip="canary1", remote="canary2")
        wall = EPOCH + bed.now
        given = {"instance": "<urn:example:kitchen>", "user_agent": "Phone/1.0", "refresh_at": wall + 600}
        await enrol(bed, 1, push=target, expires=3600.0, **given)
        (device,) = (await bed.operator.ask("GET", "/api/v1/devices")).json()
        assert device == {
            "account": STORED,
            "id": "d1",
            "handset": "urn:example:kitchen",
            "state": "asleep",
            "provider": "apns",
            "push": [token.label for _, token in target.tokens],
            "transport": "tls",
            "user_agent": "Phone/1.0",
            "registered_at": wall,
            "expires_at": wall + 3600,
            "refresh_at": wall + 600,
            "no_refresh": "",
            "last_wake": None,
            "wakes": {},
            "pushed": None,
            "pbx": None,
        }

    in_bed(test)


def test_a_phone_is_awake_while_its_flow_lives_and_unreachable_without_flow_and_token() -> None:
    async def test(bed: Bed) -> None:
        await enrol(bed, 1, push=fcm("a"))
        await enrol(bed, 2, flow=TRUNK)
        states = [device["state"] for device in (await bed.operator.ask("GET", "/api/v1/devices")).json()]
        assert states == ["asleep", "unreachable"]
        bed.live |= {FLOW, TRUNK}
        states = [device["state"] for device in (await bed.operator.ask("GET", "/api/v1/devices")).json()]
        assert states == ["awake", "awake"]

    in_bed(test)


def test_a_phone_is_shown_with_its_last_wake_and_with_the_push_that_it_has_not_answered() -> None:
    async def test(bed: Bed) -> None:
        wall, target = EPOCH + bed.now, fcm("a")
        woken = (Wake(wall - 90, Kind.CALL), Wake(wall - 60, Kind.REFRESH), Wake(wall - 30, Kind.CALL))
        await enrol(bed, 1, push=target, woken=woken)
        notice = Notice(kind=Kind.MESSAGE, id="1", account="2")
        _, token = target.tokens[0]
        push = Push(notice=notice, target=target, service=Service.ONLY, token=token, expires_at=wall + 60)
        bed.backend.ledger.sent(push, wall + 5)
        (device,) = (await bed.operator.ask("GET", "/api/v1/devices")).json()
        assert device["last_wake"] == {"at": wall - 30, "why": "call"}
        assert device["wakes"] == {"call": 2, "refresh": 1}
        assert device["pushed"] == {"at": wall + 5, "why": "message"}
        query = contact("d1", is_query=True)
        await bed.store.do(register(query, aor=Aor(STORED), call_id="again", wall=wall + 6))
        (device,) = (await bed.operator.ask("GET", "/api/v1/devices")).json()
        assert device["pushed"] is None, "it has come"

    in_bed(test)


def test_it_is_said_why_a_phone_gets_no_silent_push() -> None:
    async def test(bed: Bed) -> None:
        browser = PushTarget(app=AppKey(Provider.WEBPUSH, DOMAIN), tokens=fcm("b").tokens)
        for number, push in enumerate((None, browser, apns(voip="v"), fcm("a")), start=1):
            await enrol(bed, number, push=push)
        devices = (await bed.operator.ask("GET", "/api/v1/devices")).json()
        assert sorted((device["id"], device["no_refresh"]) for device in devices) == [
            ("d1", "no push token"),
            ("d2", "browsers get none"),
            ("d3", "only a VoIP token"),
            ("d4", "the last try was made"),
        ]

    in_bed(test)


def test_a_phone_whose_token_the_provider_has_called_dead_is_dead_until_it_brings_another() -> None:
    async def test(bed: Bed) -> None:
        target = fcm("a")
        await enrol(bed, 1, push=target)
        await bed.store.do(ForgetToken(digest=target.tokens[0][1].digest, dead_at=EPOCH + bed.now))
        (device,) = (await bed.operator.ask("GET", "/api/v1/devices")).json()
        assert (device["state"], device["provider"], device["push"]) == ("dead", "fcm", [])

    in_bed(test)


def test_the_phones_of_one_account_are_asked_for_by_its_name() -> None:
    async def test(bed: Bed) -> None:
        await enrol(bed, 1, aor=Aor(FIXED))
        await enrol(bed, 2)
        for asked in (STORED, "bob@EXAMPLE.com", quote(STORED, safe="")):
            devices = (await bed.operator.ask("GET", f"/api/v1/devices?account={asked}")).json()
            assert [device["id"] for device in devices] == ["d2"]
        assert len((await bed.operator.ask("GET", "/api/v1/devices?account=")).json()) == 2

    in_bed(test)


@pytest.mark.parametrize("asked", [f"nobody@{DOMAIN}", "bob", "bob@elsewhere.net", "%FF@x"])
def test_an_unknown_account_is_told_and_not_taken_for_one_without_phones(asked: str) -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("GET", f"/api/v1/devices?account={asked}")
        assert answer.status == 404
        assert answer.problem().startswith("there is no account ")

    in_bed(test)


def test_a_phone_whose_name_is_no_unicode_hides_no_other() -> None:
    """One REGISTER with an octet 0xff in User-Agent would otherwise make a 500 of the list of devices."""

    async def test(bed: Bed) -> None:
        await enrol(bed, 1, user_agent="Phone/\udcff\x1b[2J<img src=x>")
        await enrol(bed, 2)
        operator = bed.operator
        devices = (await operator.ask("GET", "/api/v1/devices")).json()
        assert [device["user_agent"] for device in devices] == ["Phone/\\xff\x1b[2J<img src=x>", ""]
        assert operator.faults == []

    in_bed(test)


def test_an_account_has_a_timeline_of_how_it_stands_at_its_pbx() -> None:
    async def test(bed: Bed) -> None:
        for what, reason in (
            (Happened.PBX_REGISTERED, "registered at the PBX"),
            (Happened.PBX_REFUSED, "the binding expired at the PBX"),
        ):
            bed.backend.pbx.note(Event(what, 1.0, "", {"aor": str(STORED), "reason": reason}))
        told = (await bed.operator.ask("GET", f"/api/v1/calls/{STORED}/timeline")).json()
        assert (told["account"], told["verdict"]) == (STORED, "The binding expired at the PBX.")
        assert [each["what"] for each in told["events"]] == ["pbx_registered", "pbx_refused"]

    in_bed(test)
