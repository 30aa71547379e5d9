"""Claims about HTTP/2 at the server's end: SETTINGS, the limit on streams, GOAWAY, bodies, hostile frames."""

import random
import struct
import time

import pytest
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from tests.emulators.bench import Http2Client, ManualClock, run, until
from tests.emulators.conftest import Tls
from tests.emulators.listening import Held, echo, listening

from ringwake.emulators.exchange import Handler, Request, Response
from ringwake.emulators.http2 import OVERRUN, PREFACE
from ringwake.emulators.manner import Manner, Terms


def test_apples_settings_are_announced(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            assert client.settings[SettingCodes.HEADER_TABLE_SIZE] == 4096
            assert client.settings[SettingCodes.MAX_CONCURRENT_STREAMS] == 1000
            assert client.settings[SettingCodes.MAX_FRAME_SIZE] == 16_384
            assert client.settings[SettingCodes.MAX_HEADER_LIST_SIZE] == 8000
            await client.close()

    run(story())


def test_the_preface_is_enough_without_alpn(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client())
            assert await client.ask("/x", {"x-a": "1"}, b"hello") == 200
            await client.close()

    run(story())


def test_a_connection_has_one_stream_until_it_is_trusted(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, terms=Terms(first_streams=1)) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            assert client.limits == [1]
            assert await client.ask("/x", {"authorization": "stranger"}) == 200
            assert client.limits == [1]
            assert await client.ask("/x", {"authorization": "trusted"}) == 200
            await client.until(lambda: len(client.limits) > 1)
            assert client.limits == [1, 1000]
            await client.close()

    run(story())


def test_streams_above_the_limit_are_refused_and_the_connection_lives(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler, terms=Terms(streams=2)) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            numbers = [client.send("/held", {}) for _ in range(2)]
            client.forget_limit()
            refused = [client.send("/held", {}, b"body") for _ in range(3)]
            assert await client.answers(*refused) == [0, 0, 0]
            assert {client.resets[number] for number in refused} == {ErrorCodes.REFUSED_STREAM}
            handler.release.set()
            assert await client.answers(*numbers) == [200, 200]
            assert await client.ask("/now", {}) == 200
            assert listener.counters.refused == 3
            assert listener.counters.connections == 1
            await client.close()

    run(story())


def test_an_overrun_can_end_the_connection(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, Held(), terms=Terms(streams=1)) as listener:
            listener.apply(Manner(overrun_ends=True))
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.send("/held", {})
            client.forget_limit()
            client.send("/held", {})
            await client.until(lambda: client.is_closed)
            assert client.goaway is not None
            assert client.goaway.additional_data == OVERRUN
            await client.close()

    run(story())


def test_a_new_limit_is_announced_on_open_connections(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            listener.apply(Manner(streams=10))
            await client.until(lambda: len(client.limits) > 1)
            listener.apply(Manner())
            await client.until(lambda: len(client.limits) > 2)
            assert client.limits == [1000, 10, 1000]
            await client.close()

    run(story())


def test_goaway_comes_after_every_so_many_requests_and_what_is_open_is_finished(tls: Tls) -> None:
    async def story() -> None:
        handler, clock = Held(), ManualClock()
        async with listening(tls, handler, clock=clock) as listener:
            listener.apply(Manner(goaway_every=3, goaway_debug=b"Shutdown"))
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            numbers = [client.send("/held", {}) for _ in range(5)]
            await client.until(lambda: client.goaway is not None)
            assert client.goaway is not None
            assert client.goaway.last_stream_id == numbers[2]
            assert client.goaway.error_code == ErrorCodes.NO_ERROR
            assert client.goaway.additional_data == b"Shutdown"
            assert listener.counters.requests == 3
            handler.release.set()
            await until(lambda: clock.pending == [2])  # all is answered; h2's client would not read it any more
            clock.advance(2)
            await client.until(lambda: client.is_closed)
            assert listener.counters.goaways == 1
            await client.close()

    run(story())


def test_a_long_body_is_cut_and_answered_early(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, terms=Terms(body_size=100)) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            assert await client.ask("/x", {}, b"x" * 100) == 200
            number = client.h2.get_next_available_stream_id()
            head = [(":method", "POST"), (":scheme", "https"), (":authority", "a"), (":path", "/x")]
            client.h2.send_headers(number, head)
            client.h2.send_data(number, b"x" * 101)
            client.flush()
            assert await client.answers(number) == [413]
            assert client.bodies[number] == b"x" * 100
            assert await client.ask("/x", {}, b"x" * 60_000) == 413
            assert await client.ask("/x", {}) == 200
            await client.close()

    run(story())


def test_a_long_body_that_ends_while_its_answer_is_awaited_is_asked_once(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler, terms=Terms(body_size=100)) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            number = client.send("/held", {}, b"x" * 40_000)
            assert await client.ask("/now", {}) == 200
            handler.release.set()
            assert await client.answers(number) == [413]
            assert listener.counters.requests == 2
            await client.close()

    run(story())


def test_an_answer_to_a_connection_that_is_over_is_dropped(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.send("/held", {})
            await until(lambda: handler.waiting == 1)
            client.write(b"\0\0\0\0\0\0\0\0\0")  # DATA on stream 0
            await until(lambda: listener.counters.malformed == 1)
            listener.apply(Manner(streams=5))
            handler.release.set()
            await until(lambda: not listener._site.tasks)
            await client.close()

    run(story())


def test_answers_wait_for_the_clients_flow_control(tls: Tls) -> None:
    def big(request: Request) -> Response:
        del request
        return Response(status=200, body=b"x" * 50_000)

    async def story() -> None:
        async with listening(tls, big) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
            client.flush()
            number = client.send("/x", {})
            await client.until(lambda: number in client.status)
            assert number not in client.bodies
            client.h2.increment_flow_control_window(10, number)
            client.flush()
            await client.until(lambda: number in client.bodies)
            assert client.bodies[number] == b"x" * 10
            client.h2.increment_flow_control_window(60_000, number)
            client.flush()
            assert await client.answers(number) == [200]
            assert len(client.bodies[number]) == 50_000
            await client.close()

    run(story())


def test_a_stalled_service_gives_no_credit_until_it_recovers(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            listener.apply(Manner(stall=True))
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            for _ in range(4):
                assert await client.ask("/x", {}, b"x" * 16_000) == 200
            assert client.h2.outbound_flow_control_window < 2000
            listener.apply(Manner())
            await client.until(lambda: client.h2.outbound_flow_control_window > 40_000)
            await client.close()

    run(story())


def test_a_stream_the_client_breaks_off_stops_its_handler_only(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            number, other = client.send("/held", {}), client.send("/held", {})
            await until(lambda: handler.waiting == 2)
            assert (listener.open_connections, listener.open_requests) == (1, 2)
            client.h2.reset_stream(number, ErrorCodes.CANCEL)
            client.flush()
            await until(lambda: handler.cancelled == 1)
            assert listener.open_requests == 1
            handler.release.set()
            assert await client.answers(other) == [200]
            assert listener.counters.resets == 1
            await client.close()

    run(story())


async def echo_later(request: Request) -> Response:
    return echo(request)


@pytest.mark.parametrize("handler", [echo, echo_later])
def test_a_stream_broken_off_in_the_same_breath_does_no_harm(tls: Tls, handler: Handler) -> None:
    async def story() -> None:
        async with listening(tls, handler, terms=Terms(streams=1)) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.forget_limit()
            head = [(":method", "POST"), (":scheme", "https"), (":authority", "a"), (":path", "/x")]
            for number in (1, 3):
                client.h2.send_headers(number, head, end_stream=True)
                client.h2.reset_stream(number)
            client.flush()
            assert await client.ask("/x", {}, b"more") == 200
            assert listener.counters.malformed == 0
            await client.close()

    run(story())


def test_a_lost_connection_stops_its_handlers(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.send("/held", {})
            await until(lambda: handler.waiting == 1)
            await client.close()
            await until(lambda: handler.cancelled == 1)

    run(story())


def test_a_reset_reply_breaks_off_one_stream(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, Held()) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            assert await client.ask("/reset", {}) == 0
            assert await client.ask("/now", {}) == 200
            assert listener.counters.resets_sent == 1
            await client.close()

    run(story())


def test_pings_are_answered_and_counted(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.h2.ping(b"12345678")
            assert await client.ask("/x", {}) == 200
            assert listener.counters.pings == 1
            await client.close()

    run(story())


def test_a_clients_goaway_closes_the_connection(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.h2.close_connection()
            client.flush()
            await until(lambda: not listener._open)
            await client.close()

    run(story())


@pytest.mark.parametrize("value", ["a\r\nx-b: 2", "a\nb", "a\0b", "\r"])
def test_a_header_with_line_breaks_never_reaches_the_handler(tls: Tls, value: str) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.h2.config.normalize_outbound_headers = False
            number = client.send("/x", {"x-a": value})
            assert await client.answers(number) == [0]
            assert listener.counters.requests == 0
            assert listener.counters.malformed == 1
            await client.close()

    run(story())


def test_headers_over_the_limit_end_the_connection(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.send("/x", {"x-a": "y" * 9000})
            await client.until(lambda: client.is_closed)
            assert client.goaway is not None
            assert listener.counters.requests == 0
            await client.close()

    run(story())


def test_streams_after_goaway_are_ignored_but_not_without_bound(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, Held(), terms=Terms(streams=5)) as listener:
            listener.apply(Manner(goaway_every=1))
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            client.forget_limit()
            for _ in range(7):
                client.send("/held", {}, b"x")
            await client.until(lambda: client.is_closed)
            assert listener.counters.requests == 1
            await client.close()

    run(story())


def test_a_flood_of_streams_in_one_breath_is_refused_quickly(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, terms=Terms(streams=1)) as listener:
            rude = await Http2Client.connect(listener.port, tls.client("h2"))
            encode = rude.h2.encoder.encode
            head = [(":method", "POST"), (":scheme", "https"), (":authority", "a"), (":path", "/x")]
            blocks = [encode(head) for _ in range(15_000)]
            frames = (struct.pack("!HBBBI", 0, len(block), 1, 4, 2 * i + 1) + block for i, block in enumerate(blocks))
            before = time.process_time()  # what this costs grows with the square, if nobody minds
            rude.write(b"".join(frames))
            await until(lambda: listener.counters.refused == 14_999)
            assert time.process_time() - before < 12
            await rude.close()

    run(story())


@pytest.mark.parametrize("seed", range(8))
def test_hostile_octets_end_their_own_connection_only(tls: Tls, seed: int) -> None:
    chance = random.Random(seed)
    settings = b"\0\0\0\4\0\0\0\0\0"
    frames = b"".join(
        bytes([0, 0, size, chance.randrange(12), chance.randrange(64), 0, 0, 0, chance.randrange(5)])
        + chance.randbytes(size)
        for size in (chance.randrange(40) for _ in range(30))
    )

    async def story() -> None:
        async with listening(tls) as listener:
            rude = await Http2Client.connect(listener.port, tls.client("h2"))
            rude.write(frames)
            polite = await Http2Client.connect(listener.port, tls.client())
            assert await polite.ask("/x", {}) == 200
            await rude.close()
            await polite.close()

    run(story())
    assert (PREFACE + settings).startswith(b"PRI")
