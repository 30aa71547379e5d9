"""Messages that get one answer and go nowhere, over UDP and over TCP; their own mistakes come first."""

from __future__ import annotations

import pytest
from tests.conformance.peers import Heard, Visit
from tests.conformance.phone import Phone
from tests.conformance.shapes_ipv6 import IPV6
from tests.conformance.shapes_refused import REFUSED, Refused

ALL = {**REFUSED, **IPV6}


def one_answer(visit: Visit, refused: Refused) -> Heard:
    """Send it; return its answer, after which nothing comes."""
    visit.peer.send(refused.shape.write(visit.token))
    answer = visit.final()
    visit.nothing_more()
    return answer


@pytest.mark.parametrize("name", ALL)
def test_it_gets_its_one_answer_and_reaches_nobody(name: str, visit: Visit, phone: Phone) -> None:
    refused = ALL[name]
    answer = one_answer(visit, refused)
    assert phone.heard_of(visit.token) == []
    assert answer.status == refused.status
    assert answer.start.startswith("SIP/2.0 "), "our version, whatever theirs was"
    for line in refused.says:
        assert line in answer.lines


@pytest.mark.parametrize("name", ALL)
def test_a_stranger_hears_of_its_mistakes_before_it_is_challenged(name: str, stranger_visit: Visit) -> None:
    refused = ALL[name]
    answer = one_answer(stranger_visit, refused)
    assert answer.status == (407 if refused.is_sound else refused.status)


@pytest.mark.parametrize("name", [name for name, refused in ALL.items() if refused.status in (401, 404)])
def test_a_challenge_says_nothing_of_who_exists(name: str, stranger_visit: Visit) -> None:
    answer = one_answer(stranger_visit, ALL[name])
    assert answer.status in (401, 407)
    challenges = answer.all("WWW-Authenticate") + answer.all("Proxy-Authenticate")
    assert challenges
    assert all('realm="harbour.test"' in challenge for challenge in challenges)


def test_an_address_in_received_has_no_brackets_and_is_the_one_that_it_came_from(visit: Visit) -> None:
    """RFC 5118 section 4.5."""
    for name in ("via-received-param-with-delim", "via-received-param-no-delim"):
        visit.peer.send(ALL[name].shape.write(visit.token))
        via = visit.final().one("Via")
        assert f";received={visit.peer.host}" in via
        assert "9:255" not in via


def test_of_a_message_that_lacks_fields_only_what_is_there_comes_back(visit: Visit) -> None:
    answer = one_answer(visit, REFUSED["insuf"])
    assert [answer.all(name) for name in ("From", "To", "Call-ID")] == [[], [], []]
