"""What stands between stack and server, by configuration."""

from __future__ import annotations

from random import Random

import pytest
from tests.net.test_rtpengine import Server
from tests.support.ids import SeededIds
from tests.support.real_loop import run_real, turn
from tests.support.sip_messages import TCP, answer, request
from tests.support.world import World

from ringwake.app.media import open_front, open_rtpengine
from ringwake.config.load import ConfigError
from ringwake.config.schema import MediaSection
from ringwake.model.tenant import Tenant
from ringwake.store.directory import MemoryDirectory


def test_without_a_relay_stack_and_server_meet_directly() -> None:
    async def test() -> None:
        world = World()
        front = await open_front(None, world.core, stack=world.stack, note=world.events.append)
        assert front.sip is world.stack
        front.attach(world.server)
        assert world.stack._user is world.server
        assert world.stack.respond(front.adopt(request("INVITE"), TCP), answer(request("INVITE"), 180), 1.0)
        front.close()
        await world.close()

    run_real(test())


def test_with_one_the_gate_stands_between_and_asks_at_the_configured_address() -> None:
    async def test() -> None:
        world = World()
        transport, server = await world.loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
        host, port = transport.get_extra_info("sockname")
        section = MediaSection(rtpengine=f"{host}:{port}")
        front = await open_front(section, world.core, stack=world.stack, note=world.events.append)
        front.attach(world.server)
        assert front.relay is not None
        assert {id(front.sip), id(world.stack._user)} == {id(front.gate)}
        assert await front.relay.ping() == ""
        assert server.commands == [{b"command": b"ping"}]
        front.close()
        transport.close()
        await turn(2)
        await world.close()

    run_real(test())


def test_a_call_of_an_earlier_life_is_relayed_as_before() -> None:
    async def test() -> None:
        world = World()
        world.core.directory = MemoryDirectory([Tenant(domain="example.com", relays_media=True)], [], [])
        section = MediaSection(rtpengine="127.0.0.1:9")
        front = await open_front(section, world.core, stack=world.stack, note=world.events.append)
        assert world.stack.respond(front.adopt(request("INVITE"), TCP), answer(request("INVITE"), 180), 1.0)
        assert front.gate is not None
        assert front.gate.calls == 1
        front.close()
        await turn(2)
        await world.close()

    run_real(test())


@pytest.mark.parametrize("text", ["rtpengine:22222", "127.0.0.1", ""])
def test_an_address_that_is_none_is_named_with_its_place(text: str) -> None:
    async def test() -> None:
        with pytest.raises(ConfigError, match=r"media\.rtpengine"):
            await open_rtpengine(MediaSection(rtpengine=text), SeededIds(Random(1)))

    run_real(test())
