"""The list of calls and messages against the phone API of a real server, and against what may go wrong there."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.cli.terminal_phone.glass import LARGE, SMALL, Glass, fcm_push, glass
from tests.support.home import Home, open_home
from tests.support.ids import SeededIds
from tests.support.real_loop import run_real

from ringwake.cli.terminal.wishes import Wishes
from ringwake.config.embedded import DOMAIN
from ringwake.secret import Secret
from ringwake.sip.flow import Transport
from ringwake.softphone.account_api import AccountApi
from ringwake.ua.identity import Identity

MAIN = " alice@ringwake.test fcm  off"


def _api(url: str, ca: bytes | None = None) -> AccountApi:
    identity = Identity(user="alice", domain=DOMAIN, password=Secret("alice-password"))
    return AccountApi(url, identity=identity, ids=SeededIds(Random(1)), ca=ca)


def _of(home: Home) -> AccountApi:
    return _api(home.app.public, ca=home.lab.ca_file.read_bytes())


async def _write(home: Home) -> None:
    """Have Bob write to Alice, who has a phone that sleeps."""
    alice, _ = home.phone()
    await alice.start()
    await alice.terminate()
    bob, _ = home.phone("bob", "", Transport.UDP)
    await bob.start()
    assert await bob.message(f"sip:alice@{DOMAIN}", "hello") == 202


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_who_looks_at_the_list_has_read_it(tmp_path: Path, lab_folder: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            await _write(home)
            api = _of(home)
            async with glass(size, api=api) as seen:
                await seen.push(fcm_push("message", badge="1"))
                assert seen.lines[0] == f"{MAIN}  (1)"
                await seen.press("c")
                await seen.until(lambda: seen.app.phone.state.badge == 0)
                assert seen.lines[0] == " Calls and messages"
                assert seen.lines[1].startswith("● ")
                assert " message " in seen.lines[1]
                assert await api.history(only_unread=True) == []
                await seen.press("escape")
                assert seen.lines[0] == MAIN
                await seen.press("c")
                await seen.until(lambda: " message " in seen.lines[1])
                assert seen.lines[1].startswith("  ")

    run_real(main())


def test_an_empty_list_says_so(tmp_path: Path, lab_folder: Path) -> None:
    async def main() -> None:
        async with open_home(tmp_path, lab_folder) as home, glass(api=_of(home)) as seen:
            await seen.press("c")
            await seen.until(lambda: "No calls and no messages yet." in seen.lines)

    run_real(main())


@pytest.mark.parametrize(
    ("api", "words"),
    [
        (None, "The server has no phone API: there is no list."),
        (_api("http://127.0.0.1:1"), "Not read: the phone API at http://127.0.0.1:1 cannot be reached."),
    ],
)
def test_a_list_that_cannot_be_read_is_told_in_words(api: AccountApi | None, words: str) -> None:
    async def main() -> None:
        async with glass(LARGE, api=api) as seen:
            await seen.press("c")
            await seen.until(lambda: words in seen.lines)

    run_real(main())


def test_a_call_is_taken_above_the_list() -> None:
    async def main() -> None:
        async with glass() as seen:
            await seen.push(fcm_push("call", body="Bob calling", style="banner"))
            await seen.press("c")
            await seen.pilot.pause()
            assert seen.lines[:3] == [" Calls and messages", " Bob calling", " a accept  r reject"]
            await seen.press("a")
            assert seen.pressed == ["a"]

    run_real(main())


@pytest.mark.parametrize("keys", ["cs", "sc", "cc"])
def test_one_page_is_open_at_a_time(keys: str) -> None:
    async def main() -> None:
        async with glass() as seen:
            await seen.press(*keys)
            await seen.press("escape")
            assert seen.lines[0] == MAIN

    run_real(main())


def test_what_is_left_unread_is_counted_unless_nothing_is_to_be() -> None:
    async def main() -> None:
        async with glass() as seen:
            assert await _badge(seen, has_badge=True) == 2
            assert await _badge(seen, has_badge=False) == 0

    run_real(main())


async def _badge(seen: Glass, *, has_badge: bool) -> int:
    seen.app.take_wishes(Wishes(badge=has_badge))
    seen.app.take_unread(2)
    await seen.pilot.pause()
    assert seen.lines[0] == MAIN + ("  (2)" if has_badge else "")
    return seen.app.phone.state.badge
