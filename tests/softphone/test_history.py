"""What a phone remembers of what it has seen."""

from __future__ import annotations

from ringwake.softphone.history import MOST, History


def test_a_push_is_new_once_and_one_without_a_name_always() -> None:
    seen = History()
    assert [seen.is_new_push(name) for name in ("p1", "p2", "p1", "", "")] == [True, True, False, True, True]


def test_messages_may_share_a_call_id() -> None:
    seen = History()
    assert [seen.is_new_message("c1", seq) for seq in (1, 2, 1)] == [True, True, False]


def test_the_oldest_is_forgotten() -> None:
    seen = History()
    for number in range(MOST + 1):
        seen.is_new_push(f"p{number}")
    assert (seen.is_new_push(f"p{MOST}"), seen.is_new_push("p0")) == (False, True)
