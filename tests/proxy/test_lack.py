"""Claims about why nobody has taken a call."""

from __future__ import annotations

import pytest
from tests.proxy.fork import Fork, branch, said

from ringwake.model.effects import Respond
from ringwake.proxy.lack import Lack
from ringwake.sip.transactions.events import Failure

ALL = frozenset(Lack)


def fork_of(*words: int | str) -> Fork:
    """Let each phone of a fork say its word; `rang` is one that rang and was given up."""
    fork = Fork()
    fork.context.holds = ALL
    names = [str(number) for number, _ in enumerate(words)]
    for name in names:
        fork.begin(name)
    for name, word in zip(names, words, strict=True):
        if isinstance(word, int):
            fork.answer(name, word)
        elif word == "rang":
            fork.answer(name, 180)
            fork.context.give_up(name, 480)
            fork.answer(name, 487)
        else:
            fork.context.failed(branch(name), Failure.TIMEOUT)
    return fork


@pytest.mark.parametrize(
    ("words", "lack"),
    [
        ((), Lack.SILENCE),
        (("silent",), Lack.SILENCE),
        ((486,), Lack.BUSY),
        ((600,), Lack.BUSY),
        ((486, "silent"), Lack.BUSY),
        ((486, "rang"), Lack.BUSY),
        (("rang",), Lack.NO_ANSWER),
        (("rang", "silent"), Lack.NO_ANSWER),
        ((480,), Lack.NO_ANSWER),
        ((408,), Lack.NO_ANSWER),
        ((482,), Lack.NO_ANSWER),
        ((603,), None),
        ((404,), None),
        ((401,), None),
        ((503,), None),
    ],
)
def test_it_is_the_best_word_of_the_phones_that_counts(words: tuple[int | str, ...], lack: Lack | None) -> None:
    fork = fork_of(*words)
    assert fork.context.lack is lack
    assert (fork.context.final is None) == (lack is not None), "what is held is not said"


def test_nobody_lacks_while_a_phone_may_still_answer() -> None:
    fork = Fork()
    fork.context.expect("a")
    assert fork.context.lack is None


def test_who_has_hung_up_lacks_nothing() -> None:
    fork = Fork()
    fork.context.holds = ALL
    fork.begin("a")
    fork.context.cancel()
    assert said(fork.answer("a", 487)) == [487]
    assert fork.context.lack is None


@pytest.mark.parametrize(("word", "heard"), [(486, 486), ("rang", 480), ("silent", 480), (408, 408), (482, 480)])
def test_what_was_held_can_be_said_after_all(word: int | str, heard: int) -> None:
    fork = fork_of(word)
    assert said(fork.context.say()) == [heard]
    assert fork.context.say() == ()
    assert fork.context.word is None


@pytest.mark.parametrize(("word", "stands_for"), [(486, 486), (600, 600), ("rang", 480), ("silent", 480)])
def test_a_redirect_remembers_what_the_phones_have_said(word: int | str, stands_for: int) -> None:
    fork = fork_of(word)
    (effect,) = fork.context.redirect((("contact", "<sip:500@pbx.example>"),))
    assert isinstance(effect, Respond)
    assert effect.response.headers.get("contact") == "<sip:500@pbx.example>"
    assert (fork.context.final, fork.context.word) == (302, stands_for)


@pytest.mark.parametrize(("word", "stands_for"), [(486, 486), (600, 600), ("rang", 480)])
def test_so_does_a_call_that_is_handed_on(word: int | str, stands_for: int) -> None:
    fork = fork_of(word)
    fork.context.hand_on()
    assert (fork.context.final, fork.context.word) == (stands_for, stands_for)
