"""The full-screen phone: keys and clicks, bells, banners that go, and windows of any size."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.cli.terminal_phone.glass import LARGE, SMALL, Glass, fcm_push, glass
from tests.support.real_loop import run_real

from ringwake.cli.terminal.alert_screen import AlertScreen


def look(story: Callable[[Glass], Coroutine[Any, Any, None]], size: tuple[int, int] = SMALL, **seconds: Any) -> None:
    """Run a test with a phone on a screen."""

    async def main() -> None:
        async with glass(size, **seconds) as seen:
            await story(seen)

    run_real(main())


async def ring(seen: Glass, style: str = "alert", sound: str = "default", call_id: str = "c1") -> None:
    """Let the boss call."""
    shown: dict[str, Any] = {"body": "Boss calling", "style": style} if style != "none" else {}
    await seen.push(fcm_push("call", call_id=call_id, sound=sound, **shown))


@pytest.mark.parametrize("style", ["none", "banner", "alert"])
@pytest.mark.parametrize("key", ["a", "r"])
def test_a_call_is_accepted_or_rejected_by_key_in_each_style(style: str, key: str) -> None:
    async def story(seen: Glass) -> None:
        await ring(seen, style)
        await seen.press(key, key)
        assert seen.pressed == [key]  # the second has nothing to act on
        assert not any("calling" in line and "Push" not in line for line in seen.lines)
        assert seen.lines[-1] == " q Quit  s Settings  c Calls  t End app"

    look(story)


@pytest.mark.parametrize(("button", "key"), [("#accept", "a"), ("#reject", "r")])
def test_a_click_acts_on_the_alert(button: str, key: str) -> None:
    async def story(seen: Glass) -> None:
        await ring(seen)
        await seen.pilot.click(button)
        assert seen.pressed == [key]
        assert not isinstance(seen.app.screen, AlertScreen)

    look(story)


def test_an_alert_of_a_call_stays_until_it_is_acted_on() -> None:
    async def story(seen: Glass) -> None:
        await ring(seen)
        await seen.press("escape", "s", "h", "t")
        assert isinstance(seen.app.screen, AlertScreen)
        assert seen.pressed == []

    look(story, banner_seconds=0.01)


def test_an_alert_goes_when_the_call_is_over() -> None:
    async def story(seen: Glass) -> None:
        await ring(seen)
        await seen.note("call", call_id="c1", state="ended", ending="cancelled")
        assert not any("Accept" in line for line in seen.lines)

    look(story)


@pytest.mark.parametrize("key", ["enter", "escape"])
def test_an_alert_of_a_message_is_put_away(key: str) -> None:
    async def story(seen: Glass) -> None:
        await seen.push(fcm_push("message", body="Message from Boss", style="alert"))
        assert isinstance(seen.app.screen, AlertScreen)
        await seen.press(key)
        assert not isinstance(seen.app.screen, AlertScreen)

    look(story)


def test_a_second_call_takes_the_place_of_the_first_which_comes_back() -> None:
    async def story(seen: Glass) -> None:
        await ring(seen)
        await seen.push(fcm_push("call", call_id="c2", body="Bob calling", style="alert"))
        assert any("│" in line and "Bob calling" in line for line in seen.lines)
        assert len(seen.app.screen_stack) == 2
        await seen.note("call", call_id="c2", state="ended", ending="bye")
        assert any("│" in line and "Boss calling" in line for line in seen.lines)

    look(story, LARGE)


def test_a_banner_goes_by_itself_and_its_call_may_still_be_taken() -> None:
    async def story(seen: Glass) -> None:
        await ring(seen, "banner")
        assert seen.lines[1] == " Boss calling"
        await seen.until(lambda: seen.lines[1] == " Push: call: Boss calling")
        await seen.press("a")
        assert seen.pressed == ["a"]

    look(story, banner_seconds=2.0)  # a busy machine draws late


def test_the_bell_goes_on_while_the_phone_rings_and_no_longer() -> None:
    async def story(seen: Glass) -> None:
        await ring(seen)
        await seen.until(lambda: seen.bells >= 3)
        await seen.note("call", call_id="c1", state="up", ending="")
        assert seen.app._bell is None
        await ring(seen, sound="", call_id="c2")
        assert seen.app._bell is None

    look(story, ring_seconds=0.01)


def test_a_message_sounds_once() -> None:
    async def story(seen: Glass) -> None:
        await seen.push(fcm_push("message", body="Message from Boss", style="banner", sound="default"))
        await seen.note("awake")
        assert (seen.bells, seen.app._bell) == (1, None)

    look(story)


def test_a_call_that_is_up_is_hung_up_by_key() -> None:
    async def story(seen: Glass) -> None:
        await seen.press("h")
        assert seen.pressed == []
        await seen.note("call", call_id="c1", state="up", ending="")
        assert seen.lines[-1].startswith(" h Hang up")
        await seen.press("h", "t")
        assert seen.pressed == ["h", "t"]

    look(story)


def test_the_newest_lines_of_the_log_are_in_view() -> None:
    async def story(seen: Glass) -> None:
        for number in range(30):
            await seen.push(fcm_push("read", call_id=f"c{number}", body=f"number {number}"))
        assert seen.lines[-2].startswith(" Push: read: number 29")

    look(story)


def test_another_size_draws_all_of_it_anew() -> None:
    async def story(seen: Glass) -> None:
        await seen.push(fcm_push("missed", call_id="c0", body="A text that does not fit into forty columns"))
        await ring(seen)
        for columns, rows in (SMALL, LARGE, (200, 50), (30, 10), SMALL):
            await seen.pilot.resize_terminal(columns, rows)
            await seen.pilot.pause()
            lines = seen.lines
            assert len(lines) == rows
            assert all(len(line) <= columns for line in lines)
            assert rows < 12 or lines[0] == " alice@ringwake.test fcm  off"
            assert any("Accept" in line for line in lines), lines
        await seen.press("r")
        assert seen.lines[1:4] == [
            " A text that does not fit into forty",
            " columns",
            " Push: missed: A text that does not fit",
        ]
        await seen.pilot.resize_terminal(*LARGE)
        await seen.pilot.pause()
        assert seen.lines[2] == " Push: missed: A text that does not fit into forty columns"

    look(story)


def test_a_long_name_leaves_the_buttons_on_the_screen() -> None:
    async def story(seen: Glass) -> None:
        await seen.push(fcm_push("call", title="title " * 20, body="name " * 100, style="alert"))
        assert any("Accept (a)     Reject (r)" in line for line in seen.lines), seen.lines
        assert sum("name" in line and "│" in line for line in seen.lines) == 3

    look(story)


@pytest.mark.parametrize("keys", [("q",), ("ctrl+c",), ("s", "q"), ("s", "ctrl+c")])
def test_it_can_be_quit_from_anywhere(keys: tuple[str, ...]) -> None:
    async def story(seen: Glass) -> None:
        await seen.press(*keys)
        assert not seen.app.is_running

    look(story)


def test_it_can_be_quit_from_an_alert() -> None:
    async def story(seen: Glass) -> None:
        await ring(seen)
        await seen.press("q")
        assert not seen.app.is_running

    look(story)


@pytest.mark.parametrize(
    ("keys", "pressed"),
    [
        (("tab", "enter"), ["a"]),
        (("right", "enter"), ["a"]),
        (("tab", "tab", "enter"), ["r"]),
        (("right", "right", "enter"), ["r"]),
        (("right", "right", "left", "enter"), ["a"]),
        (("enter",), []),
    ],
)
def test_the_buttons_are_reached_by_arrows_and_tab_and_not_by_a_stray_enter(
    keys: tuple[str, ...], pressed: list[str]
) -> None:
    async def story(seen: Glass) -> None:
        await ring(seen)
        await seen.press(*keys)
        assert seen.pressed == pressed

    look(story)
