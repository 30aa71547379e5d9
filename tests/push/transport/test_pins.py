"""A stranger's name is resolved by us, once, and only to an address that may be called (reliability S14)."""

from __future__ import annotations

import asyncio
import socket
from threading import Event
from typing import Any

import pytest
from tests.push.loop import run
from tests.support.real_loop import turn

from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.transport import pins
from ringwake.push.transport.addresses import is_public
from ringwake.push.transport.pins import Pins


class Names:
    """A resolver that knows some names; the answer may change, as with DNS rebinding."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, list[str]] = {}
        self.asked: list[str] = []
        monkeypatch.setattr(socket, "getaddrinfo", self._answer)

    def _answer(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host not in self.known:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.known[host]]


@pytest.fixture(name="names")
def names_fixture(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


def test_a_name_bound_anew_keeps_the_address_that_was_looked_at(names: Names) -> None:
    async def story() -> None:
        it = Pins(is_public)
        names.known["a.example"] = ["8.8.8.8"]
        assert await it.address("a.example", 443, within=1.0) == "8.8.8.8"
        names.known["a.example"] = ["127.0.0.1"]
        assert await it.address("a.example", 443, within=1.0) == "8.8.8.8"
        assert names.asked == ["a.example"]

    run(story())


def test_when_the_address_is_old_it_is_asked_for_and_looked_at_again(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "GOOD_FOR", 0.0)

    async def story() -> None:
        it = Pins(is_public)
        names.known["a.example"] = ["8.8.8.8"]
        assert await it.address("a.example", 443, within=1.0) == "8.8.8.8"
        names.known["a.example"] = ["127.0.0.1"]
        with pytest.raises(UnsendableError, match="address not public"):
            await it.address("a.example", 443, within=1.0)

    run(story())


def test_of_several_addresses_only_an_allowed_one_is_taken(names: Names) -> None:
    async def story() -> None:
        names.known["a.example"] = ["10.0.0.1", "127.0.0.1", "1.1.1.1"]
        assert await Pins(is_public).address("a.example", 443, within=1.0) == "1.1.1.1"

    run(story())


def test_an_unknown_name_is_reported_without_it(names: Names) -> None:
    async def story() -> None:
        with pytest.raises(UnansweredError, match="unknown host") as caught:
            await Pins(is_public).address("canary.example", 443, within=1.0)
        assert "canary" not in str(caught.value)
        assert names.asked == ["canary.example"]

    run(story())


def test_the_names_that_are_kept_are_bounded(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "NAMES", 2)

    async def story() -> None:
        it = Pins(is_public)
        for name in ("a.example", "b.example", "c.example"):
            names.known[name] = ["8.8.8.8"]
            await it.address(name, 443, within=1.0)
        await asyncio.gather(*(it.address(name, 443, within=1.0) for name in ("b.example", "c.example")))
        assert names.asked == ["a.example", "b.example", "c.example"]
        await it.address("a.example", 443, within=1.0)
        assert names.asked[3:] == ["a.example"]

    run(story())


def test_names_that_nobody_tells_take_no_thread_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's access token is fetched in the threads of the loop, of which there are 32 at most."""
    over = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(5) and [])

    async def story() -> None:
        it = Pins(is_public)
        names = [asyncio.create_task(it.address(f"{number}.example", 443, within=4.0)) for number in range(40)]
        await turn()
        async with asyncio.timeout(2):
            assert await asyncio.to_thread(len, "xx") == 2
        over.set()
        it.close()
        results = await asyncio.gather(*names, return_exceptions=True)
        assert {str(result) for result in results} == {"address not public"}, "those who wait are answered"
        with pytest.raises(UnansweredError, match="closed"):
            await it.address("late.example", 443, within=1.0)

    run(story())
