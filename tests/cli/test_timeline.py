"""A timeline in columns, in the width of the terminal."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ringwake.cli.timeline import draw

ROWS = [(0.0, "invite_received", ""), (1234.5, "push_sent", "kind=call  token=fcm:demo:12345678")]


def test_times_and_names_stand_in_columns() -> None:
    assert draw(ROWS, columns=120) == (
        "         0.0 ms  invite received\n     1,234.5 ms  push sent        kind=call  token=fcm:demo:12345678"
    )


def test_details_that_do_not_fit_go_on_below() -> None:
    assert draw(ROWS[1:], columns=50) == (
        "     1,234.5 ms  push sent  kind=call\n                            token=fcm:demo:12345678"
    )


def test_what_a_stranger_wrote_moves_no_cursor() -> None:
    assert "\x9b" not in draw([(0.0, "push_accepted", "id=a\x9b2J")], columns=80)


def test_nothing_is_nothing() -> None:
    assert draw([], columns=80) == ""


words = st.text(alphabet="abc=:0", min_size=1, max_size=18)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 99_999), words, st.lists(words).map("  ".join))), st.integers(70, 200))
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(
    rows: list[tuple[float, str, str]], columns: int
) -> None:
    drawn = draw(rows, columns=columns)
    assert all(len(line) <= columns for line in drawn.splitlines())
    assert "".join(drawn.split()).count("=") == sum(f"{what}{more}".count("=") for _, what, more in rows)
