"""What a registrar makes of Contacts (RFC 4475 sections 3.1.1.4, 3.1.2.13 and 3.3.12 to 14), over UDP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conformance.peers import Datagrams, Visit, token
from tests.conformance.phone import LONE, Phone
from tests.conformance.server import Server
from tests.conformance.shapes import options


@pytest.fixture
def nora(phone: Phone) -> Iterator[Phone]:
    """The phone, which registers for an account that has none, and leaves it without."""
    yield phone
    assert phone.register(LONE, "Contact: *", "Expires: 0").all("Contact") == []


def bound(nora: Phone) -> list[str]:
    """Return the Contacts that the account has, without their expiry."""
    return [contact.rpartition(";expires=")[0] for contact in nora.register(LONE).all("Contact")]


CONTACTS = {
    "cparam01": (
        "sip:+19725550222@gate.elsewhere.test;unknownparam",
        "<sip:+19725550222@gate.elsewhere.test>;unknownparam",
    ),
    "cparam02": (
        "<sip:+19725550222@gate.elsewhere.test;unknownparam>",
        "<sip:+19725550222@gate.elsewhere.test;unknownparam>",
    ),
    "regescrt": ("<sip:nora@quay.elsewhere.test?Route=%3Csip:elsewhere.test%3E>",) * 2,
    "push parameters outside the brackets": (
        "sip:nora@quay.elsewhere.test;pn-provider=fcm;pn-param=p;pn-prid=secret",
        "<sip:nora@quay.elsewhere.test>",
    ),
}


@pytest.mark.parametrize("name", CONTACTS)
def test_brackets_decide_whose_parameter_it_is(name: str, nora: Phone) -> None:
    contact, shown = CONTACTS[name]
    answer = nora.register(LONE, f"M: {contact}")
    assert answer.status == 200
    assert bound(nora) == [shown]


def test_one_nul_is_another_user_than_two(nora: Phone) -> None:
    contacts = ["<sip:%00@quay.elsewhere.test>", "<sip:%00%00@quay.elsewhere.test>"]
    assert nora.register(LONE, *(f"Contact: {contact}" for contact in contacts)).status == 200
    assert sorted(bound(nora)) == sorted(contacts)


@pytest.mark.parametrize(
    ("contact", "status"),
    [
        ("sip:nora@quay.elsewhere.test?Route=%3Csip:elsewhere.test%3E", 400),
        ("<sip:nora@quay.elsewhere.test", 400),
        ("<name:Nora_Miller>", 400),
        ("<sip:nora@quay.elsewhere.test>;expires=30", 423),
        ("*, <sip:nora@quay.elsewhere.test>", 400),
    ],
)
def test_what_is_no_contact_binds_nothing(contact: str, status: int, nora: Phone) -> None:
    assert nora.register(LONE, f"Contact: {contact}").status == status
    assert bound(nora) == []


def test_too_large_an_expiry_is_the_default(nora: Phone) -> None:
    """Section 3.1.2.4, but for its CSeq."""
    contact = "Contact: <sip:nora@quay.elsewhere.test>\r\n  ;expires=280297596632815"
    answer = nora.register(LONE, contact, f"Expires: 1{'0' * 100}", "Max-Forwards: 300")
    assert answer.one("Contact") == "<sip:nora@quay.elsewhere.test>;expires=3600"


def test_header_fields_of_a_contact_become_no_header_fields_of_a_request(
    nora: Phone, server: Server, caller: str
) -> None:
    contact = f"<sip:nora@{nora.host}:{nora.port}?Route=%3Csip:elsewhere.test%3E&X-Evil=1>"
    assert nora.register(LONE, f"Contact: {contact}").status == 200
    with Visit(Datagrams(caller, server.udp), token()) as visit:
        visit.peer.send(options("regescrt", start=f"OPTIONS sip:{LONE}@harbour.test SIP/2.0").write(visit.token))
        arrived = nora.next(visit.token)
        assert arrived.start == f"OPTIONS sip:nora@{nora.host}:{nora.port} SIP/2.0"
        assert (arrived.all("Route"), arrived.all("X-Evil")) == ([], [])
        nora.answer(arrived, "200 OK")
        assert visit.final().status == 200
