"""The settings screen against the phone API of a real server, and against what may go wrong there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.cli.terminal_phone.glass import INSTANCE, LARGE, SMALL, Glass, fcm_push, glass
from tests.support.home import Home, open_home
from tests.support.ids import SeededIds
from tests.support.real_loop import run_real

from ringwake.cli.terminal.settings_screen import OUTDATED
from ringwake.cli.terminal.wishes import NOTHING
from ringwake.config.embedded import DOMAIN
from ringwake.secret import Secret
from ringwake.softphone.account_api import AccountApi
from ringwake.ua.identity import Identity

HINT = "Enter or a click changes a line."
ROWS = [
    "Allow notifications on",
    "Alert style         Alert",
    "Sound               on",
    "Badge               on",
    "Show previews       on",
    "Do not disturb      off",
]


def _api(url: str, password: str = "alice-password", ca: bytes | None = None) -> AccountApi:
    identity = Identity(user="alice", domain=DOMAIN, password=Secret(password))
    return AccountApi(url, identity=identity, ids=SeededIds(Random(1)), ca=ca)


@pytest.fixture
def look(tmp_path: Path, lab_folder: Path) -> Callable[..., None]:
    """Return what runs a test with the settings of a real server on the screen."""

    def looking(
        story: Callable[[Glass, AccountApi], Coroutine[Any, Any, None]], *, size: tuple[int, int] = SMALL
    ) -> None:
        async def main() -> None:
            async with open_home(tmp_path, lab_folder) as home:
                api = _of(home)
                async with glass(size, api=api) as seen:
                    await seen.press("s")
                    await seen.until(lambda: HINT in seen.lines)
                    await story(seen, _of(home))

        run_real(main())

    return looking


def _shows(seen: Glass, line: int, row: str) -> bool:
    return seen.lines[line] == row and HINT in seen.lines


def _of(home: Home) -> AccountApi:
    return _api(home.app.public, ca=home.lab.ca_file.read_bytes())


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_all_settings_are_shown(look: Callable[..., None], size: tuple[int, int]) -> None:
    async def story(seen: Glass, _: AccountApi) -> None:
        assert seen.lines[:8] == ["Settings", *ROWS, HINT]
        assert seen.lines[-1].startswith(" esc Back  q Quit")
        await seen.press("escape")
        assert seen.lines[0] == " alice@ringwake.test fcm  off"

    look(story, size=size)


def test_each_is_changed_on_the_server(look: Callable[..., None]) -> None:
    async def story(seen: Glass, api: AccountApi) -> None:
        changed = [row.replace(" off", " ON").replace(" on", " off").replace(" ON", " on") for row in ROWS]
        changed[1] = "Alert style         None"
        for number, row in enumerate(changed):
            await seen.press(*(["down"] if number else []), "enter")
            await seen.until(partial(_shows, seen, number + 1, row))
        found = (await api.settings()).document
        chosen = {name: found["notifications"][name] for name in ("allow", "style", "sound", "badge", "preview")}
        assert chosen == {"allow": False, "style": "none", "sound": False, "badge": False, "preview": False}
        assert found["calls"]["do_not_disturb"] is True
        assert seen.app.phone.state.wishes == NOTHING

    look(story)


def test_a_click_changes_a_line(look: Callable[..., None]) -> None:
    async def story(seen: Glass, _: AccountApi) -> None:
        await seen.pilot.click("OptionList", offset=(3, 2))
        await seen.until(lambda: seen.lines[3] == "Sound               off")

    look(story)


def test_what_somebody_else_has_changed_is_read_again(look: Callable[..., None]) -> None:
    async def story(seen: Glass, api: AccountApi) -> None:
        await api.change_settings({"notifications": {"style": "banner"}})
        await seen.press("enter")
        await seen.until(lambda: "how they are now" in " ".join(seen.lines))
        assert seen.lines[1:3] == ["Allow notifications on", "Alert style         Banner"]
        assert OUTDATED.startswith(seen.lines[7])
        await seen.press("enter")
        await seen.until(lambda: seen.lines[1] == "Allow notifications off")

    look(story)


def test_what_is_chosen_for_this_phone_is_changed_for_it_alone(look: Callable[..., None]) -> None:
    async def story(seen: Glass, api: AccountApi) -> None:
        await api.change_settings({"devices": {INSTANCE: {"notifications": {"allow": False}}}})
        await seen.press("escape", "s")
        await seen.until(lambda: seen.lines[1] == "Allow notifications off (this phone)")
        await seen.press("enter")
        await seen.until(lambda: seen.lines[1] == "Allow notifications on (this phone)")
        found = (await api.settings()).document
        assert found["devices"][INSTANCE]["notifications"]["allow"] is True
        assert found["notifications"]["allow"] is True

    look(story)


def test_a_call_is_seen_above_the_settings(look: Callable[..., None]) -> None:
    async def story(seen: Glass, _: AccountApi) -> None:
        await seen.push(fcm_push("call", body="Boss calling", style="alert"))
        await seen.press("r")
        assert seen.pressed == ["r"]
        assert seen.lines[:2] == ["Settings", ROWS[0]]
        await seen.push(fcm_push("call", call_id="c2", body="Bob calling", style="banner"))
        assert seen.lines[:4] == ["Settings", " Bob calling", " a accept  r reject", ROWS[0]]
        await seen.press("a")
        assert seen.pressed == ["r", "a"]

    look(story)


def test_a_banner_that_is_there_is_seen_in_the_settings_too() -> None:
    async def main() -> None:
        async with glass() as seen:
            await seen.push(fcm_push("call", body="Bob calling", style="banner"))
            await seen.press("s")
            await seen.pilot.pause()
            assert seen.lines[:3] == ["Settings", " Bob calling", " a accept  r reject"]

    run_real(main())


@pytest.mark.parametrize(
    ("api", "words"),
    [
        (None, "The server has no phone API: settings cannot be read."),
        (_api("http://127.0.0.1:1"), "Not read: the phone API at http://127.0.0.1:1 cannot be reached."),
    ],
)
def test_settings_that_cannot_be_read_are_told_in_words(api: AccountApi | None, words: str) -> None:
    async def main() -> None:
        async with glass(LARGE, api=api) as seen:
            await seen.press("s")
            await seen.until(lambda: words in seen.lines)
            await seen.press("escape")
            assert seen.lines[0] == " alice@ringwake.test fcm  off"

    run_real(main())


def test_settings_that_cannot_be_changed_stay_as_they_are_on_the_screen(tmp_path: Path, lab_folder: Path) -> None:
    async def main() -> None:
        async with glass(LARGE) as seen:
            async with open_home(tmp_path, lab_folder) as home:
                seen.app.phone = replace(seen.app.phone, api=_of(home))
                await seen.press("s")
                await seen.until(lambda: HINT in seen.lines)
            await seen.press("enter")
            await seen.until(lambda: any(line.startswith("Not changed: the phone API at") for line in seen.lines))
            assert seen.lines[1:7] == ROWS

    run_real(main())
