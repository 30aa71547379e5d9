"""Claims about what the answer to a REGISTER of ours means."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import received_response, request

from ringwake.sip.replies import reply
from ringwake.ua.register_answer import (
    LONGEST_PAUSE,
    Answer,
    BadExtension,
    Bound,
    Challenged,
    NotBound,
    Refused,
    TooBrief,
    Unavailable,
    read,
    refusal,
)

OWN = "sip:rw-7f3a@192.0.2.1:5060;transport=tcp"


def read_as(status: int, *fields: tuple[str, str]) -> Answer:
    response = received_response(reply(request("REGISTER"), status, to_tag="p", headers=list(fields)).encode())
    return read(response, contact=OWN, asked=3600)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ([("contact", f"<{OWN}>;expires=60")], 60),
        ([("contact", f"<{OWN}>;expires=60"), ("expires", "90")], 60),
        ([("contact", f"<{OWN}>"), ("expires", "90")], 90),
        ([("contact", f"<{OWN}>")], 3600),
        ([("contact", f"<{OWN}>;expires=soon")], 3600),
        ([("contact", "<sip:other@h>;expires=5"), ("contact", f"<{OWN}>;expires=60")], 60),
        ([("contact", f"<sip:other@h>;expires=5, <{OWN}>;expires=60")], 60),
        ([("contact", '"other <sip:other@h>, <sip:another@h>'), ("contact", f"<sip:x@h>, <{OWN}>;expires=60")], 60),
        ([("contact", "<broken"), ("contact", "<tel:+1>"), ("contact", f"<{OWN}>;expires=60")], 60),
        # The same URI by RFC 3261 section 19.1.4.
        ([("contact", "<sip:rw-7f3a@192.0.2.1:5060;TRANSPORT=TCP;lr>;expires=60")], 60),
        # Rewritten to the address it came from, as Asterisk does; the exact one is preferred.
        ([("contact", "<sip:rw-7f3a@198.51.100.1:40000>;expires=60")], 60),
        ([("contact", "<sip:rw-7f3a@h>;expires=9, <sip:rw-7f3a@i>;expires=8"), ("expires", "5")], 9),
        ([("contact", "<sip:rw-7f3a@h>;expires=9"), ("contact", f"<{OWN}>;expires=60")], 60),
    ],
)
def test_we_are_bound_for_what_our_own_contact_was_granted(fields: list[tuple[str, str]], seconds: int) -> None:
    assert read_as(200, *fields) == Bound(seconds)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("expires", "60")],
        [("contact", "<sip:other@192.0.2.1:5060;transport=tcp>;expires=60")],
        [("contact", f"<{OWN}>;expires=0")],
        [("contact", f"<{OWN}>"), ("expires", "0")],
    ],
)
def test_ok_without_our_contact_or_for_no_time_binds_nothing(fields: list[tuple[str, str]]) -> None:
    assert read_as(200, *fields) == NotBound()


def test_a_contact_without_a_user_part_is_found_by_its_whole_uri_only() -> None:
    response = received_response(
        reply(request("REGISTER"), 200, headers=[("contact", "<sip:192.0.2.9>;expires=5")]).encode()
    )
    assert read(response, contact="sip:192.0.2.1", asked=60) == NotBound()


@pytest.mark.parametrize("status", [401, 407])
def test_a_challenge_is_a_challenge(status: int) -> None:
    assert read_as(status) == Challenged()


@pytest.mark.parametrize(("text", "least"), [("600", 600), ("soon", 0)])
def test_a_pbx_may_want_a_longer_expiry(text: str, least: int) -> None:
    assert read_as(423, ("min-expires", text)) == TooBrief(least)
    assert read_as(423) == TooBrief(0)


def test_a_pbx_may_know_less_than_we_do() -> None:
    assert read_as(420, ("unsupported", "path")) == BadExtension()


@pytest.mark.parametrize("status", [408, 430, 480, 500, 502, 503, 504, 580])
def test_what_is_about_the_state_of_the_pbx_will_pass(status: int) -> None:
    assert read_as(status) == Unavailable(status)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("18000;duration=3600", LONGEST_PAUSE), ("120 (I'm in a meeting)", 120), ("-5", 0), ("x", 0)],
)
def test_retry_after_is_read_with_all_that_may_stand_behind_it(text: str, seconds: int) -> None:
    assert read_as(503, ("retry-after", text)) == Unavailable(503, seconds)


@pytest.mark.parametrize("status", [301, 400, 403, 404, 405, 489, 501, 505, 513, 600, 603])
def test_what_is_about_the_account_will_be_the_same_in_a_minute(status: int) -> None:
    answer = read_as(status)
    assert isinstance(answer, Refused)
    assert str(status) in answer.why


def test_what_is_left_of_420_and_423_when_nothing_helps_is_a_refusal() -> None:
    assert [refusal(status).why.startswith("the PBX ") for status in (420, 423, 499)] == [True] * 3
