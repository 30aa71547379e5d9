"""`/api/v1/pushes`: one push to one phone, or a question to a push service."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.api.bed import STORED, Answer, Bed, in_bed
from tests.api.desk import BROKEN, STANDS, Told, desk, with_desk
from tests.store.samples import contact, fcm, register

from ringwake.model.account import Aor
from ringwake.model.app import AppKey, Provider
from ringwake.model.check import Check, Verdict
from ringwake.model.push import Outcome, Refused, Unreachable

PATH = "/api/v1/pushes"


async def phone(bed: Bed, name: str, *, push: bool = True, aor: str = STORED) -> None:
    """Register a phone; `name` is its id."""
    new = contact(name, push=fcm(name) if push else None)
    await bed.store.do(register(new, aor=Aor(aor), wall=bed.backend.wall(), call_id=name))


async def ask(bed: Bed, told: Told, **body: Any) -> Answer:
    return await with_desk(bed, desk(STANDS, BROKEN, told=told)).ask("POST", PATH, body)


def test_a_phone_is_pushed_to_and_what_came_of_it_is_told() -> None:
    async def test(bed: Bed) -> None:
        await phone(bed, "d1")
        answer = await ask(bed, Told(), device="d1", wait=7)
        assert answer.status == 200, answer.body
        said = answer.json()
        assert said.pop("app")
        assert said == {
            "ok": True,
            "account": STORED,
            "device": "d1",
            "provider": "fcm",
            "kind": "refresh",
            "trace": "t1",
            "outcome": "accepted",
            "status": 200,
            "reason": "",
            "id": "m1",
            "ms": 84.0,
            "woke_ms": 1900.0,
            "said": "accepted by FCM after 84 ms; the phone registered 1.9 s later",
        }

    in_bed(test)


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Refused("PERMISSION_DENIED", 403), 403, "PERMISSION_DENIED"),
        (Unreachable("unknown host"), None, "unknown host"),
    ],
)
def test_a_push_that_was_not_taken_has_its_reason(outcome: Outcome, status: int | None, reason: str) -> None:
    async def test(bed: Bed) -> None:
        await phone(bed, "d1")
        said = (await ask(bed, Told(outcome=outcome, woke=None), device="d1")).json()
        assert (said["ok"], said["status"], said["reason"], said["woke_ms"]) == (False, status, reason, None)

    in_bed(test)


@pytest.mark.parametrize("body", [{"device": "abc"}, {"device": "ab"}, {"account": STORED}, {"device": "abcd"}])
def test_a_phone_is_meant_by_its_id_by_its_beginning_or_by_its_account(body: dict[str, str]) -> None:
    async def test(bed: Bed) -> None:
        await phone(bed, "abcd")
        await phone(bed, "xyz", push=False)
        told = Told()
        assert (await ask(bed, told, **body)).status == 200
        assert told.tested == [("abcd", 20.0)]

    in_bed(test)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"device": "ab"}, 409, "several phones are meant: abc, abd"),
        ({"account": STORED}, 409, "several phones are meant"),
        ({"device": "zzz"}, 404, "no such phone"),
        ({"device": "abc", "account": "nobody@example.com"}, 404, "no account nobody@example.com"),
        ({}, 422, "name a device"),
        ({"device": "abc", "wait": 121}, 422, "wait"),
        ({"device": "abc", "wait": -1}, 422, "wait"),
        ({"provider": "smoke"}, 422, "no push service"),
        ({"provider": "hms"}, 404, "no such application"),
        ({"provider": "fcm", "param": "other"}, 404, "no such application"),
        ({"token": "x"}, 422, "unknown field"),
    ],
)
def test_what_cannot_be_done_is_said_and_nobody_is_pushed_to(body: dict[str, Any], status: int, words: str) -> None:
    async def test(bed: Bed) -> None:
        await phone(bed, "abc")
        await phone(bed, "abd")
        told = Told()
        answer = await ask(bed, told, **body)
        assert answer.status == status, answer.body
        assert words in answer.problem()
        assert (told.tested, told.tried) == ([], [])

    in_bed(test)


def test_an_id_that_another_begins_with_is_meant_all_the_same() -> None:
    async def test(bed: Bed) -> None:
        await phone(bed, "abc")
        await phone(bed, "abcd")
        told = Told()
        assert (await ask(bed, told, device="abc")).status == 200
        assert told.tested == [("abc", 20.0)]

    in_bed(test)


def test_a_phone_with_two_flows_is_one_phone() -> None:
    async def test(bed: Bed) -> None:
        for number in (1, 2):
            new = contact(f"flow{number}", push=fcm("d1"), instance="<urn:uuid:1>", reg_id=number)
            await bed.store.do(register(new, aor=Aor(STORED), wall=bed.backend.wall(), call_id=f"flow{number}"))
        told = Told()
        answer = await ask(bed, told, account=STORED)
        assert answer.status == 200, answer.body
        assert len(told.tested) == 1

    in_bed(test)


def test_a_phone_that_cannot_be_tested_says_why() -> None:
    async def test(bed: Bed) -> None:
        await phone(bed, "d1")
        answer = await ask(bed, Told(refuses="it has a VoIP token only"), device="d1")
        assert (answer.status, answer.problem()) == (409, f"{STORED} d1: it has a VoIP token only")

    in_bed(test)


@pytest.mark.parametrize(("verdict", "ok"), [(Verdict.OK, True), (Verdict.WARN, True), (Verdict.FAIL, False)])
def test_a_service_is_asked_for_its_applications_and_no_phone_is_pushed_to(verdict: Verdict, ok: bool) -> None:
    async def test(bed: Bed) -> None:
        told = Told(verdict=verdict)
        said = (await ask(bed, told, provider="fcm")).json()
        assert said == {
            "ok": ok,
            "checks": [{"name": "push fcm", "verdict": verdict.value, "cause": "it does", "mend": ""}],
        }
        assert (told.tried, told.tested) == ([STANDS.key], [])

    in_bed(test)


def test_the_applications_of_a_service_are_asked_all_at_once() -> None:
    """One after the other, a few silent ones take longer than anybody waits for the answer."""

    async def test(bed: Bed) -> None:
        first, second = STANDS, replace(STANDS, key=AppKey(Provider.FCM, "other"))
        asked: list[AppKey] = []
        all_asked = asyncio.Event()

        async def try_out(key: AppKey) -> Check:
            asked.append(key)
            if len(asked) == 2:
                all_asked.set()
            async with asyncio.timeout(5):
                await all_asked.wait()
            return Check(name=f"push {key.param}", verdict=Verdict.OK, cause="it does")

        asker = with_desk(bed, replace(desk(first, second), try_out=try_out))
        answer = await asker.ask("POST", PATH, {"provider": "fcm"})
        assert [check["name"] for check in answer.json()["checks"]] == ["push demo", "push other"]

    in_bed(test)


def test_without_push_services_there_is_nothing_to_test() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.operator.ask("POST", PATH, {"device": "d1"})
        assert (answer.status, "add [[app]]" in answer.problem()) == (422, True)

    in_bed(test)
