"""Claims about the errors: each knows its answer, and shows no octets."""

import pytest

from ringwake.sip.errors import LocalProtocolError, ParseError, SipError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SipError(483, "a rule"), 483),
        (ParseError("a rule"), 400),
        (ParseError("a rule", status=513), 513),
        (LocalProtocolError("a rule"), 500),
    ],
)
def test_an_error_carries_the_status_that_answers_it(error: SipError, status: int) -> None:
    assert error.status == status
    assert error.rule == "a rule"
    assert str(error) == f"{status} a rule"


def test_whoever_catches_sip_errors_catches_all_of_them() -> None:
    assert issubclass(ParseError, SipError)
    assert issubclass(LocalProtocolError, SipError)
    assert not issubclass(LocalProtocolError, ParseError), "our own bug is never the peer's fault"
