"""Claims about which result of a fork tells the caller most."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import answer, request

from ringwake.proxy.best_response import OF_THE_PHONE, OURS, rank
from ringwake.sip.message import Response


def word(status: int) -> Response:
    return answer(request("INVITE"), status)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (word(603), word(486)),
        (word(302), word(404)),
        (word(407), word(404)),
        (word(407), word(415)),
        (word(486), word(500)),
        (word(486), 480),
        (word(480), 480),
        (486, word(500)),
    ],
)
def test_the_caller_hears_what_tells_it_most(better: Response | int, worse: Response | int) -> None:
    assert rank(better) < rank(worse)


@pytest.mark.parametrize("status", OURS)
def test_a_status_of_ours_stands_for_silence(status: int) -> None:
    assert rank(status) == rank(480)


@pytest.mark.parametrize(("status", "instead"), OF_THE_PHONE.items())
def test_what_a_phone_says_of_itself_is_no_word_on_the_call(status: int, instead: int) -> None:
    assert rank(word(status)) == rank(instead)
