"""Claims about the guard against mass deletion (reliability P7)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wake.phones import ANDROID_APP, BROWSER_APP, binding

from ringwake.model.check import Verdict
from ringwake.model.token_ops import Forgotten
from ringwake.wake.token_guard import ENOUGH, MOST, QUIET, TokenGuard, Word, checks

APP, OTHER = ANDROID_APP, BROWSER_APP
FORGET, TRIP, KEEP = Word.FORGET, Word.TRIP, Word.KEEP


@dataclass
class Provider:
    """A provider that answers for phones without number."""

    guard: TokenGuard = field(default_factory=TokenGuard)
    serial: int = 0

    def dead(self, count: int, now: float, *, apart: float = 0.0) -> list[Word]:
        """Call so many tokens dead, one after the other."""
        return [self.word(now + apart * number) for number in range(count)]

    def word(self, now: float) -> Word:
        self.serial += 1
        word = self.guard.judge(APP, str(self.serial), now)
        if word is FORGET:
            self.guard.forgot(APP, gone(self.serial))
        return word

    def takes(self, count: int, now: float, *, apart: float = 0.0) -> None:
        for number in range(count):
            self.guard.taken(APP, now + apart * number)


def gone(number: int) -> Forgotten:
    return Forgotten(digest=str(number), bindings=(binding(str(number)),))


def tripped(now: float = 0.0) -> Provider:
    """Return a provider that has called too many tokens dead."""
    provider = Provider()
    assert provider.dead(MOST + 1, now)[-1] is TRIP
    return provider


# ---- tripping


def test_the_21st_token_in_a_minute_is_kept_and_all_after_it() -> None:
    assert Provider().dead(23, 0.0) == [FORGET] * 20 + [TRIP, KEEP, KEEP]


def test_a_minute_is_any_minute() -> None:
    assert Provider().dead(21, 0.0, apart=59.9 / 20)[-1] is TRIP
    assert Provider().dead(21, 0.0, apart=3.0)[-1] is TRIP, "by their share: nothing was taken"
    slow = Provider()
    slow.takes(10_000, 0.0)
    assert set(slow.dead(100, 0.0, apart=3.0)) == {FORGET}, "20 in each minute, and few among so many"


def test_a_phone_that_registers_its_dead_token_over_and_over_is_one_token() -> None:
    guard = TokenGuard()
    assert {guard.judge(APP, "1", 61.0 * number) for number in range(3 * MOST)} == {FORGET}
    assert guard.tripped() == []


def test_a_token_that_was_forgotten_again_in_the_last_minute_is_put_back_too() -> None:
    provider = Provider()
    for now in (0.0, 100.0):
        assert provider.guard.judge(APP, "again", now) is FORGET
    provider.guard.forgot(APP, Forgotten(digest="again", bindings=(binding("again"),)))
    assert provider.dead(MOST, 101.0) == [FORGET] * (MOST - 1) + [TRIP]
    assert provider.guard.owed(APP)[0].digest == "again"


@pytest.mark.parametrize(("taken", "last"), [(0, TRIP), (398, TRIP), (399, FORGET)])
def test_the_21st_token_in_an_hour_is_kept_if_they_are_more_than_one_in_twenty(taken: int, last: Word) -> None:
    provider = Provider()
    provider.takes(taken, 0.0)
    assert provider.dead(21, 1.0, apart=170.0) == [FORGET] * 20 + [last]


def test_what_is_older_than_an_hour_counts_no_more() -> None:
    provider = Provider()
    provider.takes(1000, 0.0)
    assert set(provider.dead(20, 1.0, apart=100.0)) == {FORGET}
    assert provider.dead(1, 3599.0) == [FORGET]
    assert set(Provider().dead(60, 0.0, apart=181.0)) == {FORGET}, "20 in an hour"
    late = Provider()
    late.takes(1000, 0.0)
    late.dead(20, 100.0, apart=100.0)
    assert late.word(3645.0) is TRIP, "the 1000 count no more, and those that were called dead do"


def test_a_night_of_silence_is_forgotten_at_once() -> None:
    provider = Provider()
    provider.dead(20, 0.0)
    assert provider.dead(20, 50_000.0) == [FORGET] * 20


def test_one_token_that_two_pushes_have_learned_of_counts_once() -> None:
    provider = Provider()
    words = [provider.guard.judge(APP, str(number // 2), 0.0) for number in range(40)]
    assert set(words) == {FORGET}
    assert provider.guard.judge(APP, "0", 1.0) is FORGET
    assert provider.guard.judge(APP, "new", 1.0) is TRIP


def test_each_application_has_its_own() -> None:
    guard = tripped().guard
    assert guard.judge(OTHER, "1", 0.0) is FORGET
    assert [trip.app for trip in guard.tripped()] == [APP]


@given(st.lists(st.tuples(st.floats(0, 400), st.booleans()), max_size=300))
def test_no_more_than_twenty_go_in_any_minute(steps: list[tuple[float, bool]]) -> None:
    provider, now, forgotten = Provider(), 0.0, []
    for pause, is_taken in steps:
        now += pause / 20
        provider.guard.sweep(now)
        if is_taken:
            provider.takes(30, now)
        elif provider.word(now) is FORGET:
            forgotten.append(now)
    assert all(len([at for at in forgotten if began <= at < began + 60]) <= MOST for began in forgotten)


# ---- putting back


def test_what_went_in_the_last_minute_is_owed_in_the_order_in_which_it_went() -> None:
    provider = Provider()
    provider.dead(5, 0.0)
    provider.dead(15, 100.0)
    assert provider.word(110.0) is TRIP, "by their share"
    assert provider.guard.debtors() == [APP]
    assert provider.guard.owed(APP) == tuple(gone(number) for number in range(6, 21))
    assert provider.guard.owed(APP) == ()
    assert provider.guard.debtors() == []


def test_what_could_not_be_put_back_is_owed_still_and_beyond_the_end_of_the_trip() -> None:
    guard = tripped().guard
    guard.owes(APP, guard.owed(APP)[:2])
    assert guard.sweep(QUIET) == [APP]
    assert guard.owed(APP) == (gone(1), gone(2))


def test_what_a_slow_store_forgets_after_the_trip_is_owed_at_once() -> None:
    guard = TokenGuard()
    words = [guard.judge(APP, str(number), 0.0) for number in range(21)]
    assert words[-1] is TRIP
    assert guard.debtors() == [], "nobody knows yet what it was taken from"
    guard.forgot(APP, gone(3))
    assert guard.owed(APP) == (gone(3),)


def test_the_first_word_says_what_a_token_was_taken_from() -> None:
    provider = Provider()
    provider.word(0.0)
    provider.guard.judge(APP, "1", 1.0)
    provider.guard.forgot(APP, Forgotten(digest="1"))
    provider.dead(20, 2.0)
    assert provider.guard.owed(APP)[0] == gone(1)


# ---- the end of it


def test_ten_minutes_without_a_dead_word_end_it() -> None:
    provider = tripped()
    assert provider.word(100.0) is KEEP
    assert provider.guard.sweep(699.0) == []
    assert provider.guard.sweep(700.0) == [APP]
    assert provider.guard.tripped() == []
    assert provider.dead(20, 701.0) == [FORGET] * 20, "it begins at zero"


@pytest.mark.parametrize(("taken", "dead", "is_over"), [(95, 5, False), (100, 5, True), (100, 6, False), (0, 1, False)])
def test_a_normal_rate_over_ten_minutes_ends_it(taken: int, dead: int, is_over: bool) -> None:
    assert ENOUGH == 100
    provider = tripped()
    provider.takes(taken, 1.0, apart=1.0)
    provider.dead(dead, 580.0)
    assert provider.guard.sweep(599.0) == []
    assert provider.guard.sweep(600.0) == ([APP] if is_over else [])


def test_a_bad_quarter_of_an_hour_is_followed_by_a_new_look() -> None:
    provider = tripped()
    provider.dead(50, 500.0)
    assert provider.guard.sweep(600.0) == []
    provider.takes(100, 700.0)
    provider.dead(1, 900.0)
    assert provider.guard.sweep(1100.0) == []
    assert provider.guard.sweep(1200.0) == [APP]


def test_it_is_kept_as_long_as_the_provider_calls_tokens_dead() -> None:
    provider = tripped()
    for number in range(1, 100):
        now = 300.0 * number
        assert provider.word(now) is KEEP
        assert provider.guard.sweep(now) == []
    (trip,) = provider.guard.tripped()
    assert (trip.since, trip.kept) == (0.0, 100)


def test_memory_does_not_grow_with_the_tokens() -> None:
    provider = Provider()
    for number in range(3000):
        now = 4.0 * number
        provider.takes(30, now)
        provider.word(now)
    watch = provider.guard._watches[APP]
    assert (len(watch.recent), len(watch.hour._slots)) == (MOST, 60)


# ---- what the operator sees


def test_doctor_names_the_application_and_what_to_do() -> None:
    (check,) = checks(tripped(60.0).guard.tripped(), 200.0)
    assert (check.name, check.verdict) == ("tokens fcm demo", Verdict.FAIL)
    assert "2 minutes ago" in check.cause
    assert "environment" in check.mend


def test_doctor_is_content_otherwise() -> None:
    (check,) = checks(TokenGuard().tripped(), 0.0)
    assert (check.name, check.verdict) == ("tokens", Verdict.OK)
