"""Names that strangers chose, resolved by ourselves: a proxy gets an address that was looked at (reliability S14)."""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from ringwake.push.errors import UnansweredError, UnsendableError

GOOD_FOR = 60.0
"""Seconds for which an address is used without asking again."""
NAMES = 1000
THREADS = 32
"""Names that are looked up at once. A stranger's name server may say nothing for ten seconds, so these threads are not
those of the loop, in which Google's access token is fetched."""


@dataclass(frozen=True, slots=True)
class _Pin:
    address: str
    until: float


class Pins:
    """The address of each name. A name that is bound to another one meanwhile keeps the one that was allowed."""

    __slots__ = ("_allows", "_pins", "_threads")

    def __init__(self, allows: Callable[[str], bool]) -> None:
        """Begin; `allows` tells whether an address may be connected to."""
        self._allows = allows
        self._pins: OrderedDict[str, _Pin] = OrderedDict()
        self._threads = ThreadPoolExecutor(THREADS, "names")

    async def address(self, host: str, port: int, *, within: float) -> str:
        """Return the address to connect to.

        Raises:
            UnansweredError: the name has none, or it is not told in time.
            UnsendableError: it has only such that are not allowed.
        """
        loop = asyncio.get_running_loop()
        pin = self._pins.get(host)
        if pin is None or pin.until <= loop.time():
            pin = _Pin(await self._resolved(host.strip("[]"), port, within=within), loop.time() + GOOD_FOR)
            self._pins[host] = pin
            self._pins.move_to_end(host)
            if len(self._pins) > NAMES:
                self._pins.popitem(last=False)
        return pin.address

    def close(self) -> None:
        """Let the threads end when those who wait have their answer."""
        self._threads.shutdown(wait=False)

    async def _resolved(self, host: str, port: int, *, within: float) -> str:
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            async with asyncio.timeout(within):
                found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        except TimeoutError:
            raise UnansweredError("no answer in time") from None
        except RuntimeError:
            raise UnansweredError("closed") from None
        except (OSError, UnicodeError):
            raise UnansweredError("unknown host") from None
        for *_, peer in found:
            if self._allows(str(peer[0])):
                return str(peer[0])
        raise UnsendableError("address not public")
