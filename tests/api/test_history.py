"""Claims about the history over HTTP: who sees what, how it is asked for, and what reading it does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.api.bed import FIXED, STORED, Bed, device_token, in_bed

from ringwake.api.desks import Desks
from ringwake.model.account import Account, Aor
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import Log

BOSS = "sip:boss@example.com"


async def listed(bed: Bed, *outcomes: Outcome, aor: str = STORED) -> None:
    """Write calls down, a second apart."""
    for number, outcome in enumerate(outcomes):
        bed.now += 1
        entry = Entry(
            id=f"{outcome.value}{number}" + ("" if aor in (STORED, FIXED) else aor),
            trace=f"trace{number}",
            aor=Aor(aor),
            kind=EntryKind.CALL,
            outcome=outcome,
            peer_uri=BOSS,
            peer_name="Boss \udcff",
            at=bed.backend.wall(),
        )
        await bed.store.do(Log(entry))


async def mine(bed: Bed, query: str = "") -> list[dict[str, Any]]:
    phone = bed.phone()
    answer = await phone.ask("GET", f"/me/history{query}", authorization=f"Bearer {await device_token(phone)}")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json()
    return found


def test_a_phone_sees_the_calls_of_its_own_account_newest_first() -> None:
    async def test(bed: Bed) -> None:
        await listed(bed, Outcome.NO_ANSWER, Outcome.ANSWERED)
        await listed(bed, Outcome.CANCELLED, aor=FIXED)
        answered, missed = await mine(bed)
        assert missed == {
            "id": "no_answer0",
            "trace": "trace0",
            "kind": "call",
            "direction": "in",
            "outcome": "no_answer",
            "missed": True,
            "unread": True,
            "uri": BOSS,
            "name": "Boss \\xff",
            "at": bed.backend.wall() - 2,
            "ended_at": None,
            "status": None,
        }
        assert (answered["outcome"], answered["missed"], answered["unread"]) == ("answered", False, False)

    in_bed(test)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?kind=call", ["answered1", "no_answer0"]),
        ("?kind=message", []),
        ("?missed=true", ["no_answer0"]),
        ("?missed=true&limit=1", ["no_answer0"]),
        ("?unread=true", ["no_answer0"]),
        ("?unread=false", ["answered1", "no_answer0"]),
        ("?limit=1", ["answered1"]),
    ],
)
def test_it_is_asked_for_by_kind_and_by_what_was_missed_or_not_read(query: str, names: list[str]) -> None:
    async def test(bed: Bed) -> None:
        await listed(bed, Outcome.NO_ANSWER, Outcome.ANSWERED)
        assert [one["id"] for one in await mine(bed, query)] == names

    in_bed(test)


@pytest.mark.parametrize(
    "query",
    [
        "?kind=fax",
        "?unread=yes",
        "?missed=1",
        *(f"?limit={text}" for text in ("0", "1001", "x", "", "²", "00000000199999999999999999999")),
        f"?limit=000000001{'9' * 5000}",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(query: str) -> None:
    async def test(bed: Bed) -> None:
        assert (await bed.operator.ask("GET", f"/api/v1/history{query}")).status == 422

    in_bed(test)


def test_missed_calls_are_found_behind_any_number_of_others() -> None:
    async def test(bed: Bed) -> None:
        await listed(bed, Outcome.NO_ANSWER, *[Outcome.ANSWERED] * 150)
        for number in range(10):
            await listed(bed, *[Outcome.ANSWERED] * 120, aor=f"u{number}@example.com")
        found = (await bed.operator.ask("GET", "/api/v1/history?missed=true")).json()
        assert [one["id"] for one in found] == ["no_answer0"]

    in_bed(test)


def test_the_operator_sees_all_accounts_or_one() -> None:
    async def test(bed: Bed) -> None:
        await listed(bed, Outcome.NO_ANSWER)
        await listed(bed, Outcome.CANCELLED, aor=FIXED)
        both = (await bed.operator.ask("GET", "/api/v1/history")).json()
        assert [one["account"] for one in both] == [FIXED, STORED]
        one = (await bed.operator.ask("GET", f"/api/v1/history?account={STORED}")).json()
        assert [found["account"] for found in one] == [STORED]
        assert (await bed.operator.ask("GET", "/api/v1/history?account=nobody@example.com")).status == 404
        assert (await bed.stranger.ask("GET", "/api/v1/history")).status == 401
        assert (await bed.phone().ask("GET", "/api/v1/history")).status == 404

    in_bed(test)


def test_what_was_read_is_read_and_the_other_phones_are_told_the_new_number() -> None:
    async def test(bed: Bed) -> None:
        told: list[tuple[str, int, str]] = []

        def badge(account: Account, unread: int, reader: str) -> None:
            told.append((account.aor, unread, reader))

        bed.backend = replace(bed.backend, desks=Desks(badge=badge))
        await listed(bed, Outcome.NO_ANSWER, Outcome.CANCELLED, Outcome.NO_WAKE)
        phone = bed.phone()
        token = f"Bearer {await device_token(phone)}"
        urn = "urn:uuid:0c67446e-f1a1-11d9-94d3-000a95a0e128"
        first = await phone.ask("POST", "/me/read", {"ids": ["no_answer0"], "instance": urn}, authorization=token)
        assert (first.status, first.json()) == (200, {"unread": 2})
        again = await phone.ask("POST", "/me/read", {"ids": ["no_answer0"]}, authorization=token)
        assert again.json() == {"unread": 2}
        rest = await phone.ask("POST", "/me/read", {}, authorization=token)
        assert rest.json() == {"unread": 0}
        assert told == [(STORED, 2, f"<{urn}>"), (STORED, 0, "")]
        assert all(not one["unread"] for one in await mine(bed))

    in_bed(test)


def test_nobody_reads_for_another() -> None:
    async def test(bed: Bed) -> None:
        await listed(bed, Outcome.NO_ANSWER, aor=FIXED)
        phone = bed.phone()
        assert (await phone.ask("POST", "/me/read", {})).status == 401
        token = f"Bearer {await device_token(phone)}"
        answer = await phone.ask("POST", "/me/read", {"ids": ["no_answer0"]}, authorization=token)
        assert answer.json() == {"unread": 0}
        (one,) = (await bed.operator.ask("GET", "/api/v1/history")).json()
        assert one["unread"]
        assert (await phone.ask("POST", "/me/read", {"all": True}, authorization=token)).status == 422

    in_bed(test)
