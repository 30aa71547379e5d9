"""How accounts stand at their PBXs: the last that was heard counts, and a thousand troubles of a kind are one line."""

from __future__ import annotations

from tests.observe.happenings import event

from ringwake.model.check import Verdict
from ringwake.model.events import Event, Happened
from ringwake.observe.pbx_news import MOST_ACCOUNTS, MOST_EVENTS, PbxNews

ALICE, BOB = "alice@example.com", "bob@example.com"
REACHED = event(Happened.PBX_REACHED, tenant="example.com")
LOST = event(Happened.PBX_LOST, tenant="example.com", reason="Connection refused")


def news(*events: Event) -> PbxNews:
    made = PbxNews()
    for each in events:
        made.note(each)
    return made


def said(what: Happened, aor: str, reason: str) -> Event:
    return event(what, tenant="example.com", aor=aor, reason=reason)


def test_the_last_that_was_heard_of_an_account_is_how_it_stands() -> None:
    known = news(
        said(Happened.PBX_REFUSED, ALICE, "the PBX refuses the password"),
        said(Happened.PBX_REGISTERED, ALICE, "registered at the PBX"),
    )
    assert known.sentence(ALICE) == "registered at the PBX"
    assert [each.what for each in known.of(ALICE)] == [Happened.PBX_REFUSED, Happened.PBX_REGISTERED]
    assert known.sentence(BOB) == ""
    assert known.of(BOB) == ()


def test_a_pbx_that_cannot_be_reached_is_what_all_its_accounts_suffer_from() -> None:
    known = news(said(Happened.PBX_REGISTERED, ALICE, "registered at the PBX"), LOST)
    assert known.sentence(ALICE) == "the PBX cannot be reached: Connection refused"
    known.note(REACHED)
    assert known.sentence(ALICE) == "registered at the PBX"


def test_who_has_left_is_forgotten() -> None:
    known = news(said(Happened.PBX_REGISTERED, ALICE, "registered at the PBX"), event(Happened.PBX_LEFT, aor=ALICE))
    assert known.sentence(ALICE) == ""
    known.note(event(Happened.PBX_LEFT, aor=BOB))


def test_what_is_about_no_pbx_is_no_news() -> None:
    assert list(news(event(Happened.REGISTERED, aor=ALICE)).checks()) == []


def test_a_pbx_is_ok_or_has_failed() -> None:
    (check,) = news(REACHED).checks()
    assert (check.name, check.verdict, check.mend) == ("pbx example.com", Verdict.OK, "")
    (check,) = news(REACHED, LOST).checks()
    assert check.verdict is Verdict.FAIL
    assert check.cause == "the PBX cannot be reached: Connection refused"
    assert check.mend


def test_accounts_with_the_same_trouble_are_one_warning() -> None:
    many = [said(Happened.PBX_REFUSED, f"u{number}@example.com", "no such account") for number in range(1000)]
    short = said(Happened.PBX_GRANTED_LITTLE, BOB, "the PBX grants less than an hour")
    fine = said(Happened.PBX_REGISTERED, ALICE, "registered at the PBX")
    checks = list(news(*many, short, fine).checks())
    assert [check.verdict for check in checks] == [Verdict.WARN, Verdict.WARN]
    assert {check.cause for check in checks} == {
        "u0@example.com and 999 more: no such account",
        "bob@example.com: the PBX grants less than an hour",
    }


def test_memory_is_bounded() -> None:
    known = PbxNews()
    for number in range(MOST_ACCOUNTS + 5):
        known.note(said(Happened.PBX_REFUSED, f"u{number}@example.com", "no"))
    assert known.of("u0@example.com") == ()
    for _ in range(MOST_EVENTS + 5):
        known.note(said(Happened.PBX_REFUSED, ALICE, "no"))
    assert len(known.of(ALICE)) == MOST_EVENTS
