"""Phones that sleep until a message comes, and senders who write on and on, of bare sockets in one event loop."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.peers import Heard, answer
from tests.scenario.storm import DOMAIN, HOST, SipWire, SleepyPhone

from ringwake.softphone.history import History

AWAKE_SECONDS = 1.0
"""How long an app stays awake when nothing comes."""
RETRY_SECONDS = 0.05
"""After which a sender tries again to connect."""


class _Line(SipWire):
    """A connection whose end is told."""

    def __init__(self, take: Callable[[Heard], None], lost: Callable[[], None]) -> None:
        super().__init__(take)
        self._lost = lost

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._lost()


class MailPhone(SleepyPhone):
    """A phone whose app is dead: a push starts it, it registers, takes its messages, and dies when none come."""

    def __init__(self, user: str, password: str, server: tuple[str, int], *, contact: str) -> None:
        super().__init__(user, password, server, contact=contact)
        self.heard: Counter[str] = Counter()
        """MESSAGEs on the wire by Call-ID."""
        self.texts: list[str] = []
        """What its owner saw."""
        self.wakes = 0
        self._history = History()
        self._timer: asyncio.TimerHandle | None = None

    def send(self, message: dict[str, object]) -> None:
        """Take a push from the emulators: whatever it is, it starts the app."""
        seq = message["seq"]
        assert isinstance(seq, int)
        self.acknowledge(seq)
        if self.is_idle:
            task = asyncio.get_running_loop().create_task(self.wake())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def wake(self) -> None:
        """Connect and register; when the server is down, die again: it pushes when it is back."""
        loop = asyncio.get_running_loop()
        self.wakes += 1
        try:
            _, self._wire = await loop.create_connection(lambda: _Line(self._take, self._lost), *self._server)
        except OSError:
            return
        status = await self._register()
        assert status in (200, 0), f"{self.user}: REGISTER {status}"
        self._stay()

    def sleep(self) -> None:
        """Die."""
        if self._timer is not None:
            self._timer.cancel()
        super().sleep()

    def _stay(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(AWAKE_SECONDS, self.sleep)

    def _lost(self) -> None:
        self._wire = None
        if self._registered is not None and not self._registered.done():
            self._registered.set_result(0)

    def _take(self, heard: Heard) -> None:
        if heard.status or not heard.start.startswith("MESSAGE "):
            super()._take(heard)
            return
        call_id, seq = heard.one("Call-ID"), int(heard.one("CSeq").split()[0])
        self.heard[call_id] += 1
        if self._history.is_new_message(call_id, seq):
            self.texts.append(heard.body.decode())
        if self._wire is not None:
            self._wire.send_octets(answer(heard, "200 OK", tag=self.user))
        self._stay()


@dataclass(slots=True)
class Sender:
    """Writes one message after the other over a trunk; what was not answered is sent again, as it was."""

    name: str
    server: tuple[str, int]
    taken: list[tuple[str, str]] = field(default_factory=list)
    """To whom, and what: all that was answered 202."""
    repeats: int = 0
    """Requests that a kill has left without an answer, and that were sent again."""
    _counts: itertools.count[int] = field(default_factory=itertools.count)
    _wire: SipWire | None = None
    _answer: asyncio.Future[int] | None = None

    async def write(self, user: str) -> None:
        """Write to an account, until it is taken."""
        number = next(self._counts)
        text = f"{self.name} {number}"
        while (status := await self._ask(self._request(user, number, text))) != 202:
            assert status == 0, f"{text}: {status}"
            await asyncio.sleep(RETRY_SECONDS)  # noqa: TID251  real programs take real time to come back
        self.taken.append((user, text))

    def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()

    async def _ask(self, octets: bytes) -> int:
        """Send a request and return the status of its answer, 0 when the server is gone."""
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        if self._wire is None:
            try:
                _, self._wire = await loop.create_connection(lambda: _Line(self._take, self._lost), *self.server)
            except OSError:
                return 0
        self._wire.send_octets(octets)
        status = await self._answer
        self.repeats += status == 0
        return status

    def _take(self, heard: Heard) -> None:
        self._settle(heard.status)

    def _lost(self) -> None:
        self._wire = None
        self._settle(0)

    def _settle(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)

    def _request(self, user: str, number: int, text: str) -> bytes:
        lines = [
            f"MESSAGE sip:{user}@{DOMAIN} SIP/2.0",
            f"Via: SIP/2.0/TCP {HOST};rport;branch=z9hG4bK.{self.name}.{number}",
            "Max-Forwards: 70",
            f"From: <sip:{self.name}@pbx.example.net>;tag=1",
            f"To: <sip:{user}@{DOMAIN}>",
            f"Call-ID: {self.name}-{number}",
            "CSeq: 1 MESSAGE",
            "Content-Type: text/plain",
            f"Content-Length: {len(text)}",
        ]
        return ("\r\n".join(lines) + f"\r\n\r\n{text}").encode()


def conversations(texts: list[str]) -> dict[str, list[int]]:
    """Sort what was read by its senders: the numbers of each, as they came."""
    found: dict[str, list[int]] = {}
    for text in texts:
        name, number = text.split()
        found.setdefault(name, []).append(int(number))
    return found


def params_of(lab: Any, device: Any, number: int, bundle: str) -> str:
    """Give a phone its tokens and return the push parameters of its Contact; every other one is an iPhone."""
    ids, directory = lab.credentials.ids, lab._office.directory
    if number % 2:
        tokens = directory.register(device, "apns", bundle).tokens
        return (
            f"pn-provider=apns;pn-param={ids.team}.{bundle}.voip%26remote"
            f";pn-prid={tokens['voip']}%3Avoip%26{tokens['remote']}%3Aremote"
        )
    token = directory.register(device, "fcm", ids.project).tokens[""]
    return f"pn-provider=fcm;pn-param={ids.project};pn-prid={token}"
