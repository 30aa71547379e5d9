"""Claims about one-time tickets: good once, for one phone, for a minute, in one life of the process."""

from __future__ import annotations

import pytest
from tests.wake.phones import AOR, SEAL, WALL, android, binding, iphone

from ringwake.model.account import Aor
from ringwake.registrar.ticket import LONGEST, Flaw, Ticket, Tickets
from ringwake.secret import Secret
from ringwake.store.keys import KeyRing

TOKEN = android("a").tokens[0][1]


def issued(tickets: Tickets, push: str = "p1", *, until: float = WALL + 20, aor: Aor = AOR) -> str:
    return tickets.issue(push, TOKEN, binding("b1", aor=aor), wall=WALL, until=until)


def read(tickets: Tickets, text: str, after: float = 0.0) -> Ticket:
    ticket = tickets.read(text, wall=WALL + after)
    assert isinstance(ticket, Ticket)
    return ticket


def test_a_ticket_says_whose_it_is_and_for_how_long() -> None:
    tickets = Tickets(SEAL, "life")
    odd = Aor("al ice\udcff@example.com")
    assert read(tickets, issued(tickets, aor=odd)) == Ticket("p1", TOKEN.digest, WALL + 20, "b1", odd)


def test_it_is_for_the_phone_that_has_the_token() -> None:
    ticket = Ticket("p1", TOKEN.digest, WALL, "b1", AOR)
    assert ticket.is_for(android("a"))
    assert not ticket.is_for(android("b"))
    assert not ticket.is_for(iphone())
    assert not ticket.is_for(None)


def test_it_is_good_once_also_when_a_retry_carried_another_text() -> None:
    tickets = Tickets(SEAL, "life")
    first, again = issued(tickets), issued(tickets, until=WALL + 21)
    assert first != again
    tickets.use(read(tickets, first))
    assert tickets.read(first, wall=WALL) is Flaw.SPENT
    assert tickets.read(again, wall=WALL) is Flaw.SPENT
    assert read(tickets, issued(tickets, "p2")).id == "p2"


def test_one_that_is_given_back_is_good_again_once() -> None:
    tickets = Tickets(SEAL, "life")
    ticket = read(tickets, issued(tickets))
    tickets.give_back(ticket)  # which was not used at all
    tickets.use(ticket)
    tickets.give_back(ticket)
    assert len(tickets) == 0
    tickets.use(read(tickets, issued(tickets)))
    assert tickets.read(issued(tickets), wall=WALL) is Flaw.SPENT


@pytest.mark.parametrize(("until", "lasts"), [(20.0, 20.0), (7 * 86400.0, LONGEST)])
def test_it_is_over_with_the_push_and_after_a_minute(until: float, lasts: float) -> None:
    tickets = Tickets(SEAL, "life")
    text = issued(tickets, until=WALL + until)
    assert read(tickets, text, lasts - 0.1).id == "p1"
    assert tickets.read(text, wall=WALL + lasts) is Flaw.SPENT


def test_another_life_of_the_process_takes_none_of_it() -> None:
    assert Tickets(SEAL, "next").read(issued(Tickets(SEAL, "life")), wall=WALL) is Flaw.SPENT
    of_another_form = SEAL.seal("ticket", b"life-of-an-older-program")
    assert Tickets(SEAL, "life").read(of_another_form, wall=WALL) is Flaw.SPENT


@pytest.mark.parametrize(
    "text", ["", "x", issued(Tickets(SEAL, "life"))[:-3], SEAL.seal("route", b"life p1 d 9e9 b a")]
)
def test_one_that_we_did_not_write_is_forged(text: str) -> None:
    assert Tickets(SEAL, "life").read(text, wall=WALL) is Flaw.FORGED
    assert Tickets(KeyRing([Secret(b"x" * 32)]), "life").read(text, wall=WALL) is Flaw.FORGED


def test_used_ones_are_remembered_until_they_are_over() -> None:
    tickets = Tickets(SEAL, "life")
    tickets.use(Ticket("p1", "d", WALL + 20, "b1", AOR))
    tickets.sweep(WALL + 19)
    assert len(tickets) == 1
    tickets.sweep(WALL + 20)
    assert len(tickets) == 0


def test_a_ticket_of_another_purpose_is_forged() -> None:
    claims, tickets = Tickets(SEAL, "", purpose="claim"), Tickets(SEAL, "")
    assert claims.read(issued(tickets), wall=WALL) is Flaw.FORGED
    assert tickets.read(issued(claims), wall=WALL) is Flaw.FORGED
    assert read(claims, issued(claims)).id == "p1"


def test_one_may_be_taken_by_its_name() -> None:
    tickets = Tickets(SEAL, "life")
    tickets.spend("p1", until=WALL + 60)
    assert tickets.read(issued(tickets), wall=WALL) is Flaw.SPENT
    tickets.sweep(WALL + 60)
    assert len(tickets) == 0
