"""The real rtpengine behind our gate: RTP between two endpoints that only know rtpengine's address."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from subprocess import Popen
from typing import Self

import pytest
from tests.edge.media.scripted_relay import MediaWorld, calling, inside, phones, respond
from tests.support.ids import SeededIds
from tests.support.loopback import leased_address
from tests.support.real_loop import run_real
from tests.support.rtpengine import PROGRAM, rtpengine

from ringwake.model.media import BROWSER, PLAIN, Described, Dialog, Manner, NotRelayed, Outcome, Role
from ringwake.net.rtpengine import Answer, RtpEngine
from ringwake.sip.flow import Address
from ringwake.sip.message import Message, Response

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="rtpengine is missing: apt-get install --no-install-recommends rtpengine-daemon"
)
PACKETS = 25
FINGERPRINT = ":".join(["AB"] * 32)


class Endpoint(asyncio.DatagramProtocol):
    """Speaks RTP: sends numbered packets, and keeps the numbers that come."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.sources: set[Address] = set()
        self._all = asyncio.Event()

    transport: asyncio.DatagramTransport

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """Speak from an address of its own while the context is open."""
        loop = asyncio.get_running_loop()
        with leased_address() as host:
            transport, made = await loop.create_datagram_endpoint(cls, local_addr=(host, 0))
            made.transport = transport
            try:
                yield made
            finally:
                transport.close()

    @property
    def address(self) -> Address:
        return Address(*self.transport.get_extra_info("sockname"))

    def sdp(self, *more: str, profile: str = "RTP/AVP") -> bytes:
        host, port = self.address
        lines = (
            "v=0",
            f"o=- 1 1 IN IP4 {host}",
            "s=-",
            f"c=IN IP4 {host}",
            "t=0 0",
            f"m=audio {port} {profile} 0",
            *more,
        )
        return "".join(f"{line}\r\n" for line in lines).encode()

    def speak(self, to: Address, *, first: int) -> None:
        for number in range(first, first + PACKETS):
            header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 4711 + first)
            self.transport.sendto(header + bytes([number % 256]) * 160, to)

    async def heard(self, *, first: int) -> bool:
        """Wait for all packets of the other side."""
        async with asyncio.timeout(5.0):
            while not self.numbers >= set(range(first, first + PACKETS)):
                self._all.clear()
                await self._all.wait()
        return True

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[1] & 0x7F == 0:
            self.numbers.add(struct.unpack("!H", data[2:4])[0])
            self.sources.add(Address(*addr))
            self._all.set()


def media_of(message: Message | bytes) -> tuple[str, Address]:
    """Return the profile and the address that a description names, which its origin names as well."""
    body = message if isinstance(message, bytes) else message.body
    lines = body.decode().split("\r\n")
    host = next(line for line in lines if line.startswith("c=")).split(" ")[-1]
    _, port, profile, *_ = next(line for line in lines if line.startswith("m=")).split(" ")
    assert next(line for line in lines if line.startswith("o=")).split(" ")[-1] == host
    return profile, Address(host, int(port))


async def asked(relay: RtpEngine, command: str) -> Answer:
    answered: asyncio.Future[Answer | NotRelayed] = asyncio.get_running_loop().create_future()
    relay.ask({"command": command}, answered.set_result)
    answer = await answered
    assert isinstance(answer, dict), answer
    return answer


def with_engine(folder: Path, test: Callable[[MediaWorld, RtpEngine, Popen[bytes]], Awaitable[None]]) -> None:
    async def main(control: Address, process: Popen[bytes]) -> None:
        relay = await RtpEngine.open(control, SeededIds(Random(7)))
        world = MediaWorld()
        world.put(relay)
        try:
            await test(world, relay, process)
            await world.close()
        finally:
            relay.close()

    with rtpengine(folder) as (control, process):
        run_real(main(control, process))


def test_rtp_of_each_side_arrives_at_the_other_and_the_ports_are_free_after_the_bye(tmp_path: Path) -> None:
    async def test(world: MediaWorld, relay: RtpEngine, process: Popen[bytes]) -> None:
        del process
        async with Endpoint.open() as caller, Endpoint.open() as callee:
            (phone,) = await phones(world)
            boss, invite = await calling(world, caller.sdp())
            await phone.recorder.until(lambda: phone.requests)
            profile, to_caller = media_of(phone.requests[-1])
            respond(phone, phone.requests[-1], 200, callee.sdp())
            await boss.recorder.until(lambda: boss.statuses[-1] == 200)
            ok = boss.responses_to(invite)[-1]
            assert (profile, media_of(ok)[0]) == ("RTP/AVP", "RTP/AVP")
            to_callee = media_of(ok)[1]
            engine = relay._transport.get_extra_info("peername")[0]
            assert to_caller.host == to_callee.host == engine
            caller.speak(to_callee, first=100)
            callee.speak(to_caller, first=500)
            assert await callee.heard(first=100)
            assert await caller.heard(first=500)
            assert (caller.sources, callee.sources) == ({to_callee}, {to_caller})
            assert len((await asked(relay, "list"))[b"calls"]) == 1  # type: ignore[arg-type]  # a list
            boss.send(inside(boss, ok, "BYE", seq=9, is_caller=True))
            await phone.recorder.until(lambda: phone.requests[-1].method == "BYE")
            assert (await asked(relay, "list"))[b"calls"] == []
            for address in (to_caller, to_callee):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                    free.bind(address)

    with_engine(tmp_path, test)


def test_each_phone_of_a_fork_has_ports_of_its_own_and_losers_free_theirs(tmp_path: Path) -> None:
    async def test(world: MediaWorld, relay: RtpEngine, process: Popen[bytes]) -> None:
        del process
        async with Endpoint.open() as caller, Endpoint.open() as callee:
            winner, loser = await phones(world, 2)
            boss, invite = await calling(world, caller.sdp())
            for phone in (winner, loser):
                await phone.recorder.until(lambda phone=phone: phone.requests)  # type: ignore[misc]  # bound now
            (_, to_caller), (_, unused) = (media_of(phone.requests[-1]) for phone in (winner, loser))
            assert to_caller != unused
            respond(loser, loser.requests[-1], 486, tag="l1")
            respond(winner, winner.requests[-1], 200, callee.sdp(), tag="w1")
            await boss.recorder.until(lambda: boss.statuses[-1] == 200)
            assert await relay.ping() == ""
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind(unused)
            caller.speak(media_of(boss.responses_to(invite)[-1])[1], first=1)
            callee.speak(to_caller, first=50)
            assert await callee.heard(first=1)
            assert await caller.heard(first=50)

    with_engine(tmp_path, test)


def test_a_refused_call_leaves_nothing_at_the_relay(tmp_path: Path) -> None:
    async def test(world: MediaWorld, relay: RtpEngine, process: Popen[bytes]) -> None:
        del process
        async with Endpoint.open() as caller:
            (phone,) = await phones(world)
            boss, _ = await calling(world, caller.sdp())
            await phone.recorder.until(lambda: phone.requests)
            respond(phone, phone.requests[-1], 486)
            await boss.recorder.until(lambda: boss.statuses[-1] == 486)
            assert (await asked(relay, "list"))[b"calls"] == []

    with_engine(tmp_path, test)


def test_a_dead_relay_is_500_within_two_seconds(tmp_path: Path) -> None:
    async def test(world: MediaWorld, relay: RtpEngine, process: Popen[bytes]) -> None:
        del relay
        process.kill()
        process.wait()
        async with Endpoint.open() as caller:
            await phones(world)
            begun = world.loop.time()
            boss, invite = await calling(world, caller.sdp())
            await boss.recorder.until(lambda: boss.statuses[-1] == 500)
            assert world.loop.time() - begun < 2.0
            final = boss.responses_to(invite)[-1]
            assert isinstance(final, Response)
            assert final.reason == "no media relay"

    with_engine(tmp_path, test)


def test_plain_rtp_becomes_what_a_browser_insists_on_and_back(tmp_path: Path) -> None:
    async def describe(relay: RtpEngine, role: Role, tags: tuple[str, str], sdp: bytes, to: Manner) -> str:
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        dialog = Dialog(call_id="web", offerer=tags[0], answerer=tags[1], branch="z9hG4bK-1")
        relay.describe(role, dialog, sdp, to=to, done=answered.set_result)
        outcome = await answered
        assert isinstance(outcome, Described), outcome
        return outcome.sdp.decode()

    async def test(world: MediaWorld, relay: RtpEngine, process: Popen[bytes]) -> None:
        del process
        del world
        async with Endpoint.open() as side:
            web = side.sdp(
                "a=rtcp-mux",
                "a=setup:active",
                "a=ice-ufrag:abcd",
                "a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa",
                f"a=fingerprint:sha-256 {FINGERPRINT}",
                profile=BROWSER.profile,
            )
            offered = await describe(relay, Role.OFFER, ("pbx", ""), side.sdp(), BROWSER)
            assert media_of(offered.encode())[0] == BROWSER.profile
            assert {"a=rtcp-mux", "a=setup:actpass"} <= set(offered.split("\r\n"))
            assert "a=fingerprint:sha-" in offered
            assert offered.count("a=candidate:") == 1
            assert "a=crypto" not in offered
            answered = await describe(relay, Role.ANSWER, ("pbx", "web"), web, PLAIN)
            assert media_of(answered.encode())[0] == "RTP/AVP"
            # The PBX offers anew, then the browser does.
            again = await describe(relay, Role.OFFER, ("pbx", "web"), side.sdp(), BROWSER)
            assert media_of(again.encode())[0] == BROWSER.profile
            plain = await describe(relay, Role.OFFER, ("web", "pbx"), web, PLAIN)
            assert media_of(plain.encode())[0] == "RTP/AVP"
            back = await describe(relay, Role.ANSWER, ("web", "pbx"), side.sdp(), BROWSER)
            assert media_of(back.encode())[0] == BROWSER.profile
            for text in (answered, plain):
                assert not any(word in text for word in ("a=ice-", "a=candidate", "a=fingerprint", "a=rtcp-mux"))

    with_engine(tmp_path, test)
