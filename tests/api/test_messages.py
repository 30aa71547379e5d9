"""`/api/v1/messages`: what was written and what became of it; and writing in the name of an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.api.bed import EPOCH, FIXED, STORED, TOKEN, Answer, Asker, Bed, in_bed

from ringwake.api import messages
from ringwake.api.apps import operator_app
from ringwake.api.desks import Desks
from ringwake.edge.send_message import Fate, Writing
from ringwake.model.account import Aor
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import Log
from ringwake.sip.errors import SipError

PATH = "/api/v1/messages"
BODY = {"from": FIXED, "to": "4711", "text": "Grüße"}


class Writer:
    """Who writes: it answers as it is told."""

    def __init__(self, outcome: Outcome | None = Outcome.WAITING, status: int = 202, *, error: int = 0) -> None:
        self.outcome, self.status, self.error = outcome, status, error
        self.asked: list[Writing] = []

    def write(self, writing: Writing, told: Callable[[Fate], None]) -> None:
        self.asked.append(writing)
        if self.error:
            raise SipError(self.error, "it is not wanted")
        if self.outcome is not None:
            fate = Fate(id="1", trace="t", to="sip:4711@example.com", outcome=self.outcome, status=self.status)
            told(fate)
            told(fate)  # nobody minds

    async def ask(self, bed: Bed, body: object = BODY) -> Answer:
        app = operator_app(replace(bed.backend, desks=Desks(write=self.write)))
        operator = Asker(app, host="127.0.0.1", authorization=f"Bearer {TOKEN}")
        return await operator.ask("POST", PATH, body)


@pytest.mark.parametrize(("outcome", "status"), [(Outcome.WAITING, 202), (Outcome.SENT, 200)])
def test_what_was_taken_is_told(outcome: Outcome, status: int) -> None:
    async def test(bed: Bed) -> None:
        writer = Writer(outcome, status)
        answer = await writer.ask(bed)
        assert answer.status == 202
        assert answer.json() == {
            "id": "1",
            "trace": "t",
            "to": "sip:4711@example.com",
            "outcome": outcome.value,
            "status": status,
        }
        (writing,) = writer.asked
        assert writing == Writing(sender=Aor(FIXED), to="4711", body="Grüße".encode())

    in_bed(test)


@pytest.mark.parametrize(
    ("sip", "http"), [(404, 404), (413, 413), (480, 409), (503, 503), (400, 422), (416, 422), (403, 409), (603, 409)]
)
def test_what_was_not_taken_is_a_problem(sip: int, http: int) -> None:
    async def test(bed: Bed) -> None:
        early, late = await Writer(error=sip).ask(bed), await Writer(Outcome.REFUSED, sip).ask(bed)
        assert (early.status, late.status) == (http, http)
        assert early.problem().startswith("not sent: ")
        assert late.problem().startswith("not sent: ")

    in_bed(test)


def test_a_pbx_that_takes_its_time_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(bed: Bed) -> None:
        monkeypatch.setattr(messages, "SECONDS", 0.01)
        answer = await Writer(None).ask(bed)
        assert (answer.status, answer.json()) == (202, {"outcome": "waiting", "status": None})

    in_bed(test)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"from": "nobody@example.com"}, 404),
        ({"from": "no address"}, 422),
        ({"to": "a\r\nb"}, 422),
        ({"content_type": "text/plain\r\nX: 1"}, 422),
        ({"text": 1}, 422),
        ({"more": 1}, 422),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_a_reason(change: dict[str, object], status: int) -> None:
    async def test(bed: Bed) -> None:
        writer = Writer()
        answer = await writer.ask(bed, {**BODY, **change})
        assert (answer.status, writer.asked) == (status, [])
        assert answer.problem()

    in_bed(test)


def test_without_a_writer_it_says_so() -> None:
    async def test(bed: Bed) -> None:
        assert (await bed.operator.ask("POST", PATH, BODY)).status == 503
        assert (await bed.stranger.ask("POST", PATH, BODY)).status == 401

    in_bed(test)


def entry(number: int, aor: str = STORED, kind: EntryKind = EntryKind.MESSAGE) -> Entry:
    return Entry(
        id=f"m{number}",
        trace=f"t{number}",
        aor=Aor(aor),
        kind=kind,
        outcome=Outcome.WAITING,
        peer_uri="sip:boss@example.com",
        at=EPOCH + number,
    )


def test_messages_are_listed_newest_first_of_all_or_of_one() -> None:
    async def test(bed: Bed) -> None:
        for one in (entry(1), entry(2, FIXED), entry(3), entry(4, kind=EntryKind.CALL)):
            await bed.store.do(Log(one))
        listed = (await bed.operator.ask("GET", PATH)).json()
        assert [(one["id"], one["account"]) for one in listed] == [("m3", STORED), ("m2", FIXED), ("m1", STORED)]
        assert (listed[0]["outcome"], listed[0]["direction"], listed[0]["unread"]) == ("waiting", "in", True)
        of_one = (await bed.operator.ask("GET", f"{PATH}?account={STORED}&limit=1")).json()
        assert [one["id"] for one in of_one] == ["m3"]

    in_bed(test)


@pytest.mark.parametrize(
    ("query", "status"), [("account=nobody@example.com", 404), ("limit=0", 422), ("limit=x", 422), ("limit=1001", 422)]
)
def test_a_list_of_nothing_that_there_is_is_refused(query: str, status: int) -> None:
    async def test(bed: Bed) -> None:
        assert (await bed.operator.ask("GET", f"{PATH}?{query}")).status == status

    in_bed(test)
