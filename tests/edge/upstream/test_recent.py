"""What strangers can make more of does not pile up."""

from __future__ import annotations

from ringwake.edge.upstream.recent import Recent


def test_the_oldest_is_forgotten_for_one_too_many() -> None:
    recent: Recent[str] = Recent(2)
    assert [recent.add(item) for item in ("a", "b", "a", "c")] == [None, None, None, "b"]
    assert [item in recent for item in ("a", "b", "c")] == [True, False, True]


def test_what_is_discarded_makes_room() -> None:
    recent: Recent[str] = Recent(1)
    recent.add("a")
    recent.discard("a")
    recent.discard("never there")
    assert (recent.add("b"), "a" in recent) == (None, False)
