"""Claims about reason phrases."""

from http import HTTPStatus

import pytest

from ringwake.sip.status import REASONS, reason


@pytest.mark.parametrize(("status", "phrase"), [(100, "Trying"), (487, "Request Terminated"), (599, "Unknown")])
def test_a_status_has_a_phrase(status: int, phrase: str) -> None:
    assert reason(status) == phrase


_AS_IN_HTTP = (200, 202, 400, 401, 403, 404, 405, 407, 408, 415, 501, 503)
_OF_SIP = {
    180: "Ringing",
    183: "Session Progress",
    413: "Request Entity Too Large",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    423: "Interval Too Brief",
    430: "Flow Failed",
    439: "First Hop Lacks Outbound Support",
    440: "Max-Breadth Exceeded",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    486: "Busy Here",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
}


def test_phrases_are_those_of_the_registry() -> None:
    assert all(reason(status).title() == HTTPStatus(status).phrase.title() for status in _AS_IN_HTTP)
    assert all(reason(status) == phrase for status, phrase in _OF_SIP.items())


def test_push_not_supported_is_spelled_as_registered() -> None:
    assert reason(555) == "Push Notification Service Not Supported"  # RFC 8599 section 8.1


def test_all_phrases_fit_a_status_line() -> None:
    assert all(100 <= status <= 699 and phrase.isascii() and phrase.isprintable() for status, phrase in REASONS.items())
