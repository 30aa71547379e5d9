"""Claims about one-time tickets: good once, for one phone, for a minute, in one life of the process."""

from __future__ import annotations

import pytest
from tests.wake.phones import AOR, SEAL, WALL, android, iphone

from ringwake.model.account import Aor
from ringwake.registrar.ticket import LONGEST, Ticket, Tickets
from ringwake.secret import Secret
from ringwake.store.keys import KeyRing

TOKEN = android("a").tokens[0][1]


def issued(tickets: Tickets, push: str = "p1", *, until: float = WALL + 20, aor: Aor = AOR) -> str:
    return tickets.issue(push, TOKEN, aor, wall=WALL, until=until)


def test_a_ticket_says_whose_it_is_and_for_how_long() -> None:
    tickets = Tickets(SEAL, "life")
    odd = Aor("al ice\udcff@example.com")
    ticket = tickets.read(issued(tickets, aor=odd), wall=WALL)
    assert ticket == Ticket("p1", TOKEN.digest, WALL + 20, odd)


def test_it_is_for_the_phone_that_has_the_token() -> None:
    ticket = Ticket("p1", TOKEN.digest, WALL, AOR)
    assert ticket.is_for(android("a"))
    assert not ticket.is_for(android("b"))
    assert not ticket.is_for(iphone())
    assert not ticket.is_for(None)


def test_it_is_good_once_also_when_a_retry_carried_another_text() -> None:
    tickets = Tickets(SEAL, "life")
    first, again = issued(tickets), issued(tickets, until=WALL + 21)
    assert first != again
    ticket = tickets.read(first, wall=WALL)
    assert ticket is not None
    tickets.use(ticket)
    assert tickets.read(first, wall=WALL) is None
    assert tickets.read(again, wall=WALL) is None
    assert tickets.read(issued(tickets, "p2"), wall=WALL) is not None


@pytest.mark.parametrize(("until", "lasts"), [(20.0, 20.0), (7 * 86400.0, LONGEST)])
def test_it_is_over_with_the_push_and_after_a_minute(until: float, lasts: float) -> None:
    tickets = Tickets(SEAL, "life")
    text = issued(tickets, until=WALL + until)
    assert tickets.read(text, wall=WALL + lasts - 0.1) is not None
    assert tickets.read(text, wall=WALL + lasts) is None


def test_another_life_of_the_process_takes_none_of_it() -> None:
    assert Tickets(SEAL, "next").read(issued(Tickets(SEAL, "life")), wall=WALL) is None


@pytest.mark.parametrize("text", ["", "x", issued(Tickets(SEAL, "life"))[:-3], SEAL.seal("route", b"life p1 d 9e9 a")])
def test_one_that_we_did_not_write_is_none(text: str) -> None:
    assert Tickets(SEAL, "life").read(text, wall=WALL) is None
    assert Tickets(KeyRing([Secret(b"x" * 32)]), "life").read(text, wall=WALL) is None


def test_used_ones_are_remembered_until_they_are_over() -> None:
    tickets = Tickets(SEAL, "life")
    tickets.use(Ticket("p1", "d", WALL + 20, AOR))
    tickets.sweep(WALL + 19)
    assert len(tickets) == 1
    tickets.sweep(WALL + 20)
    assert len(tickets) == 0
