"""Style x sound x badge x preview x kind: each push as docs/reference/payload.md has it, and exactly what is drawn."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from tests.cli.terminal_phone.glass import Glass, fcm_push, glass
from tests.support.real_loop import run_real

KINDS = ("call", "message", "missed", "elsewhere", "refresh")
STYLES = ("none", "banner", "alert")
BADGES = (None, "0", "3")
NAMED = {"call": "Boss calling", "message": "Message from Boss", "missed": "Missed call from Boss"}
UNNAMED = {"call": "Incoming call", "message": "New message", "missed": "Missed call"}
ELSEWHERE = "Call handled on another device"
TITLE = "alice@ringwake.test"
ROWS = 12
CALLED, QUIET = " a Accept  r Reject  q Quit  s Settings", " q Quit  s Settings  c Calls  t End app"
# What is below an alert shows at its left: the P of "Push".
CENTRED = {
    "Boss calling": "  │           Boss calling           │",
    "Incoming call": "  │          Incoming call           │",
    "Message from Boss": "  │        Message from Boss         │",
    "New message": "  │           New message            │",
    "Missed call from Boss": "  │      Missed call from Boss       │",
    "Missed call": "  │           Missed call            │",
}
TOP = [
    " P╭──────────────────────────────────╮",
    "  │       alice@ringwake.test        │",
    "  │                                  │",
]
CALL_BUTTONS = [
    "  │                                  │",
    "  │  ▔▔▔▔▔▔▔▔▔▔▔▔▔▔ ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔  │",
    "  │    Accept (a)     Reject (r)     │",
    "  │  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁ ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  │",
    "  ╰──────────────────────────────────╯",
]
OK_BUTTON = [
    "  │                                  │",
    "  │     ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔     │",
    "  │                OK                │",
    "  │     ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁     │",
    "  ╰──────────────────────────────────╯",
]


def data(kind: str, style: str, *, sound: bool, badge: str | None, preview: bool) -> dict[str, Any]:
    """Return what stands beside `ringwake`, by the tables of docs/reference/payload.md."""
    if kind == "refresh":
        return {}
    text = ELSEWHERE if kind == "elsewhere" else (NAMED if preview else UNNAMED)[kind]
    shown = {"body": text, "style": "banner" if kind == "elsewhere" else style} if style != "none" else {}
    heard = {"sound": "default"} if sound and kind != "elsewhere" else {}
    return {"title": TITLE, **shown, **heard, **({} if badge is None else {"badge": badge})}


def screen(kind: str, style: str, text: str, *, badge: str | None) -> list[str]:
    """Return the rows that are to be drawn after one push."""
    header = " alice@ringwake.test fcm  off" + ("  (3)" if badge == "3" and kind != "refresh" else "")
    is_shown = style != "none" and kind != "refresh"
    footer = CALLED if kind == "call" else QUIET
    if is_shown and style == "alert":
        return [header, *TOP, CENTRED[text], *(CALL_BUTTONS if kind == "call" else OK_BUTTON), "", footer]
    keys = [" a accept  r reject"] if kind == "call" else []
    banner = [f" {TITLE}", f" {text}", *keys] if is_shown else []
    line = f" Push: {kind}" + (f": {text}" if is_shown else "")
    rows = [header, *banner, line]
    return [*rows, *[""] * (ROWS - 1 - len(rows)), footer]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "elsewhere"])
def test_each_choice_is_drawn_and_heard(kind: str, style: str) -> None:
    async def main() -> None:
        async with glass() as seen:
            for sound, badge, preview in product((False, True), BADGES, (False, True)):
                await seen.anew()
                await seen.push(fcm_push(kind, **data(kind, style, sound=sound, badge=badge, preview=preview)))
                text = (NAMED if preview else UNNAMED).get(kind, "")
                assert seen.lines == screen(kind, style, text, badge=badge), (sound, badge, preview)
                assert seen.bells == (1 if sound and kind != "refresh" else 0), (badge, preview)

    run_real(main())


@pytest.mark.parametrize("style", STYLES)
def test_a_call_that_another_phone_took_leaves_the_screen(style: str) -> None:
    async def main() -> None:
        async with glass() as seen:
            for sound, badge, preview in product((False, True), BADGES, (False, True)):
                await seen.anew()
                chosen: dict[str, Any] = {"sound": sound, "badge": badge, "preview": preview}
                await seen.push(fcm_push("call", **data("call", style, **chosen)))
                await seen.push(fcm_push("elsewhere", seq=2, **data("elsewhere", style, **chosen)))
                text = "" if style == "none" else f": {(NAMED if preview else UNNAMED)['call']}"
                assert seen.lines == _after_elsewhere(style, text, badge), chosen
                assert seen.bells == (1 if sound else 0), chosen  # that of the call
                assert not seen.app.phone.state.rings

    run_real(main())


def _after_elsewhere(style: str, call: str, badge: str | None) -> list[str]:
    header = " alice@ringwake.test fcm  off" + ("  (3)" if badge == "3" else "")
    banner = [] if style == "none" else [f" {TITLE}", f" {ELSEWHERE}"]
    said = [" Push: elsewhere"] if style == "none" else [" Push: elsewhere: Call handled on", " another device"]
    rows = [header, *banner, f" Push: call{call}", *said]
    return [*rows, *[""] * (ROWS - 1 - len(rows)), QUIET]


async def _called(seen: Glass, text: str, style: str = "alert") -> None:
    await seen.push(fcm_push("call", body=text, style=style, sound="default"))


def test_text_of_the_wire_is_neither_markup_nor_a_command_to_the_terminal() -> None:
    async def main() -> None:
        async with glass((80, 24)) as seen:
            hostile = "[red]B[/red] [@click=app.quit]x[/] \x1b[2J\x07\r\n[/"
            for style in ("alert", "banner"):
                await seen.anew()
                await _called(seen, hostile, style)
                shown = [line for line in seen.lines if r"[red]B[/red] [@click=app.quit]x[/] \x1b[2J\x07\r\n[/" in line]
                assert len(shown) == 2, seen.lines  # what announces it, and the log

    run_real(main())
