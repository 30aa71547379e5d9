"""Claims about which result of a fork tells the caller most."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import answer, request

from ringwake.proxy.best_response import OF_THE_PHONE, OURS, all_challenges, rank
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


def challenge(status: int, name: str) -> Response:
    asked = word(status)
    asked.headers.set("www-authenticate" if status == 401 else "proxy-authenticate", f'Digest realm="{name}"')
    return asked


def test_a_challenge_carries_those_of_all_branches() -> None:
    """Section 16.7 step 7."""
    best, other = challenge(401, "a"), challenge(407, "b")
    merged = all_challenges(best.copy(), best, [486, best, other, word(404)])
    assert merged.headers.texts("www-authenticate") == ['Digest realm="a"']
    assert merged.headers.texts("proxy-authenticate") == ['Digest realm="b"']


def test_another_answer_carries_none() -> None:
    best = word(404)
    assert all_challenges(best, best, [challenge(401, "a")]).headers.texts("www-authenticate") == []
