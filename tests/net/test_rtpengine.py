"""rtpengine's control protocol, against a small server of the test that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from tests.support.ids import SeededIds
from tests.support.real_loop import run_real, turn

from ringwake.model.media import BROWSER, PLAIN, Described, Dialog, Manner, NotRelayed, Outcome, Role
from ringwake.net.bencode import decode, encode
from ringwake.net.rtpengine import PATIENCE, SILENT, TRANSMISSIONS, RtpEngine
from ringwake.sip.flow import Address

DIALOG = Dialog(call_id="c1", offerer="a", answerer="b", branch="z9hG4bK1")
OK = encode({"result": "ok", "sdp": "v=0\r\n"})


class Server(asyncio.DatagramProtocol):
    """A relay: answers each command with what the test has made up."""

    def __init__(self) -> None:
        self.datagrams: list[bytes] = []
        self.answer: Callable[[bytes, Any], list[bytes]] = lambda cookie, _: [cookie + b" " + OK]
        self.transport: asyncio.DatagramTransport | None = None

    @property
    def commands(self) -> list[Any]:
        return [decode(datagram.partition(b" ")[2]) for datagram in self.datagrams]

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.datagrams.append(data)
        cookie, _, octets = data.partition(b" ")
        assert self.transport is not None
        for datagram in self.answer(cookie, decode(octets)):
            self.transport.sendto(datagram, addr)


def with_relay(test: Callable[[RtpEngine, Server], Any]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
        relay = await RtpEngine.open(Address(*transport.get_extra_info("sockname")), SeededIds(Random(1)))
        try:
            await test(relay, server)
        finally:
            relay.close()
            transport.close()
            await turn(2)

    run_real(main())


async def described(
    relay: RtpEngine, *, role: Role = Role.OFFER, dialog: Dialog = DIALOG, to: Manner = PLAIN
) -> Outcome:
    answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    relay.describe(role, dialog, b"v=0\r\n", to=to, done=answered.set_result)
    return await answered


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (PLAIN, {b"transport-protocol": b"RTP/AVP", b"ICE": b"remove", b"DTLS": b"off", b"rtcp-mux": [b"demux"]}),
        (
            BROWSER,
            {
                b"transport-protocol": b"UDP/TLS/RTP/SAVPF",
                b"ICE": b"force",
                b"rtcp-mux": [b"offer", b"require"],
                b"SDES": [b"off"],
                b"flags": [b"generate-mid"],
            },
        ),
        (Manner("RTP/SAVP"), {b"transport-protocol": b"RTP/SAVP", b"ICE": b"remove", b"DTLS": b"off"}),
        (Manner(is_ice=True), {b"ICE": b"force"}),
    ],
)
def test_an_offer_says_what_it_is_turned_into(to: Manner, said: dict[bytes, Any]) -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        assert await described(relay, to=to) == Described(b"v=0\r\n")
        assert server.commands == [
            {
                b"command": b"offer",
                b"call-id": b"c1",
                b"from-tag": b"a",
                b"to-tag": b"b",
                b"via-branch": b"z9hG4bK1",
                b"sdp": b"v=0\r\n",
                b"replace": [b"origin", b"session-connection"],
                **said,
            }
        ]

    with_relay(test)


def test_an_answer_is_turned_back_by_itself_and_absent_names_are_left_out() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        await described(relay, role=Role.ANSWER, dialog=Dialog(call_id="c1", offerer="a"), to=BROWSER)
        (command,) = server.commands
        assert command[b"command"] == b"answer"
        assert command[b"ICE"] == b"force"
        assert not {b"transport-protocol", b"to-tag", b"via-branch", b"rtcp-mux"} & set(command)

    with_relay(test)


def test_a_call_is_let_go_of_at_once_whole_or_in_part() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        relay.release("c1")
        relay.release("c1", Dialog(call_id="c1", offerer="a", branch="z9hG4bK1"))
        relay.release("c1", Dialog(call_id="c1", offerer="a", answerer="b"))
        assert await relay.ping() == ""  # they were read before it
        common = {b"command": b"delete", b"call-id": b"c1", b"delete-delay": 0}
        parts = [{}, {b"from-tag": b"a", b"via-branch": b"z9hG4bK1"}, {b"from-tag": b"a", b"to-tag": b"b"}]
        assert server.commands[:3] == [{**common, **part} for part in parts]

    with_relay(test)


def test_a_question_that_was_lost_is_asked_again_with_the_same_cookie() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        last = TRANSMISSIONS
        server.answer = lambda cookie, _: [cookie + b" " + OK] if len(server.datagrams) == last else []
        assert await described(relay) == Described(b"v=0\r\n")
        assert len(server.datagrams) == last
        assert len(set(server.datagrams)) == 1

    with_relay(test)


def test_silence_is_told_in_time() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        server.answer = lambda *_: []
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert await described(relay) == NotRelayed(SILENT)
        assert loop.time() - begun < PATIENCE + 0.5
        assert len(server.datagrams) == TRANSMISSIONS

    with_relay(test)


def test_nobody_at_that_address_is_told_in_time() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        assert server.transport is not None
        server.transport.close()
        await turn(2)
        assert await relay.ping() == SILENT

    with_relay(test)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "rtpengine's answer cannot be read: a value begins with none of its marks"),
        (b"\xff\xfe" * 2000, "rtpengine's answer cannot be read: a value begins with none of its marks"),
        (b"i1e", "rtpengine's answer cannot be read: it is no dictionary"),
        (encode({"result": "error", "error-reason": "Unknown\r\ncall-id"}), "rtpengine refused: Unknown??call-id"),
        (encode({"result": "error", "error-reason": 1}), "rtpengine refused: no reason given"),
        (encode({"result": "error", "error-reason": b"\xff" * 500}), "rtpengine refused: " + "\ufffd" * 100),
        (encode({}), "rtpengine refused: no reason given"),
        (encode({"result": ["ok"]}), "rtpengine refused: no reason given"),
        (encode({"result": "ok"}), "rtpengine's answer has no description"),
        (encode({"result": "ok", "sdp": 1}), "rtpengine's answer has no description"),
        (encode({"result": "ok", "sdp": ""}), "rtpengine's answer has no description"),
    ],
)
def test_a_hostile_answer_is_a_reason_and_no_crash(octets: bytes, reason: str) -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        server.answer = lambda cookie, _: [cookie + b" " + octets]
        assert await described(relay) == NotRelayed(reason)

    with_relay(test)


def test_an_answer_to_no_question_changes_nothing() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        def answers(cookie: bytes, _: Any) -> list[bytes]:
            forged = [b"", b" ", b"no-cookie " + OK, cookie[:-1] + b" " + encode({"result": "error"})]
            return [*forged, cookie + b" " + OK, cookie + b" " + encode({"result": "error"})]

        server.answer = answers
        assert await described(relay) == Described(b"v=0\r\n")
        assert await described(relay) == Described(b"v=0\r\n")

    with_relay(test)


def test_answers_find_their_questions_in_any_order() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        waiting: list[bytes] = []

        def answers(cookie: bytes, command: Any) -> list[bytes]:
            waiting.append(cookie + b" " + encode({"result": "ok", "sdp": command[b"call-id"]}))
            return waiting[::-1] if len(waiting) == 2 else []

        server.answer = answers
        calls = (described(relay, dialog=Dialog(call_id=name, offerer="a")) for name in ("one", "two"))
        assert await asyncio.gather(*calls) == [Described(b"one"), Described(b"two")]

    with_relay(test)


def test_after_the_end_nobody_is_told_and_nothing_is_sent() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        told: list[Outcome] = []
        server.answer = lambda *_: []
        relay.describe(Role.OFFER, DIALOG, b"v=0\r\n", to=PLAIN, done=told.append)
        relay.close()
        relay.release("c1")
        relay.close()
        await turn(5)
        assert told == []

    with_relay(test)


def test_a_ping_that_nobody_waits_for_any_more_harms_nothing() -> None:
    async def test(relay: RtpEngine, server: Server) -> None:
        ping = asyncio.create_task(relay.ping())
        await turn()
        ping.cancel()
        await asyncio.gather(ping, return_exceptions=True)
        assert await relay.ping() == ""
        assert len(server.datagrams) == 2

    with_relay(test)
