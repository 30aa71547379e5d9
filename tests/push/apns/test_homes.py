"""What is remembered of Apple's two environments."""

from __future__ import annotations

from ringwake.push.apns.homes import MOST, Homes


def test_a_token_lives_in_the_applications_own_environment_unless_it_was_found_in_the_other() -> None:
    homes = Homes()
    assert not homes.is_other("a")
    homes.remember("a")
    assert homes.is_other("a")
    assert not homes.is_other("b")


def test_what_is_forgotten_is_asked_anew() -> None:
    homes = Homes()
    homes.remember("a")
    for _ in range(2):
        homes.forget("a")
        assert not homes.is_other("a")


def test_the_one_not_used_for_longest_makes_room() -> None:
    homes = Homes()
    for number in range(MOST):
        homes.remember(str(number))
    assert homes.is_other("0")
    homes.remember("one more")
    assert homes.is_other("0")
    assert not homes.is_other("1")
    assert homes.is_other("2")
