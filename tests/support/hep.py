"""What a PBX hears and says, told by itself: HEP version 3, as Kamailio's siptrace module writes it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

SECONDS = 20.0
_SOURCE, _TARGET, _SOURCE_PORT, _TARGET_PORT, _AT, _MICROSECONDS, _PAYLOAD = 3, 4, 7, 8, 9, 10, 15


class Overheard(NamedTuple):
    """One SIP message at the PBX."""

    at: float
    """Epoch seconds, by the PBX's clock."""
    source: str
    target: str
    """`host:port`, both."""
    text: str


class Ear:
    """A socket on an address of its own, and the thread that listens there."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._news = threading.Condition()
        self._heard: list[Overheard] = []
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    @property
    def endpoint(self) -> str:
        """Where the PBX is to report to: `host:port`."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def heard(self) -> list[Overheard]:
        """Return all until now."""
        with self._news:
            return list(self._heard)

    def until(self, wanted: Callable[[Overheard], bool], *, after: int = 0, seconds: float = SECONDS) -> Overheard:
        """Return the first that is wanted, from the so many-th on."""
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                while after < len(self._heard):
                    if wanted(self._heard[after]):
                        return self._heard[after]
                    after += 1
                left = deadline - time.monotonic()
                assert left > 0, "the PBX has not heard or said it"
                self._news.wait(left)

    def _listen(self) -> None:
        while octets := self._socket.recv(65_535):
            told = _read(octets)
            with self._news:
                self._heard.append(told)
                self._news.notify_all()


def modules(ear: Ear) -> list[str]:
    """Return what Kamailio is started with to report to an ear."""
    integers = {"trace_on": 1, "trace_mode": 1, "trace_init_mode": 1, "trace_to_database": 0, "hep_mode_on": 1}
    return [
        "--loadmodule=siptrace.so",
        f"--modparam=siptrace:duplicate_uri:s:sip:{ear.endpoint}",
        *(f"--modparam=siptrace:{name}:i:{value}" for name, value in (integers | {"hep_version": 3}).items()),
    ]


def _read(octets: bytes) -> Overheard:
    chunks: dict[int, bytes] = {}
    at = 6
    while at < len(octets):
        _, kind, length = struct.unpack_from("!HHH", octets, at)
        chunks[kind] = octets[at + 6 : at + length]
        at += length
    number = {kind: int.from_bytes(value) for kind, value in chunks.items()}
    return Overheard(
        at=number[_AT] + number[_MICROSECONDS] / 1e6,
        source=f"{socket.inet_ntoa(chunks[_SOURCE])}:{number[_SOURCE_PORT]}",
        target=f"{socket.inet_ntoa(chunks[_TARGET])}:{number[_TARGET_PORT]}",
        text=chunks[_PAYLOAD].decode("utf-8", "replace"),
    )
