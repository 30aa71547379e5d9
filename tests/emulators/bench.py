"""What the emulators' tests share: a clock that stands, a bounded run, and an HTTP/2 client driven by hand."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes

from ringwake.emulators.clock import Clock

T = TypeVar("T")
LIMIT_SECONDS = 20
START = 1_700_000_000.0
"""Wall clock of every test's beginning; certificates made then are valid for the real clients."""


class ManualAlarm:
    """An alarm of `ManualClock`."""

    def __init__(self, at: float, act: Callable[[], object]) -> None:
        self.at = at
        self.act = act
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class ManualClock(Clock):
    """Both clocks stand until `advance` moves them, which rings the alarms on the way."""

    def __init__(self) -> None:
        super().__init__(lambda: START + self.passed, lambda: self.passed)
        self.passed = 0.0
        self.alarms: list[ManualAlarm] = []

    def later(self, seconds: float, act: Callable[[], object]) -> ManualAlarm:
        alarm = ManualAlarm(self.passed + seconds, act)
        self.alarms.append(alarm)
        return alarm

    @property
    def pending(self) -> list[float]:
        """When the alarms that are set will ring."""
        return sorted(alarm.at for alarm in self.alarms if not alarm.is_cancelled)

    def advance(self, seconds: float) -> None:
        self.passed += seconds
        due = [alarm for alarm in self.alarms if alarm.at <= self.passed]
        self.alarms = [alarm for alarm in self.alarms if alarm not in due]
        for alarm in sorted(due, key=lambda alarm: alarm.at):
            if not alarm.is_cancelled:
                alarm.act()


def run(work: Coroutine[None, None, T]) -> T:
    """Run a test's coroutine, bounded, and see that it leaves no task behind."""

    async def bounded() -> T:
        async with asyncio.timeout(LIMIT_SECONDS):
            result = await work
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left behind: {left}"
        return result

    return asyncio.run(bounded())


async def until(condition: Callable[[], bool]) -> None:
    """Give other tasks and the sockets their turns until something has come about; `run` bounds it."""
    loop = asyncio.get_running_loop()
    while not condition():
        turn = loop.create_future()
        handle = loop.call_later(0.001, turn.set_result, None)
        try:
            await turn
        finally:
            handle.cancel()


def client_context(ca_file: Path, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


class Http2Client:
    """A client's end of HTTP/2 that does only what it is told, so that it can also be rude."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.h2 = H2Connection(
            H2Configuration(client_side=True, header_encoding="utf-8", validate_outbound_headers=False)
        )
        self.status: dict[int, int] = {}
        self.headers: dict[int, dict[str, str]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.resets: dict[int, int] = {}
        self.limits: list[int] = []
        self.settings: dict[int, int] = {}
        self.goaway: ConnectionTerminated | None = None
        self.is_closed = False

    @classmethod
    async def connect(cls, port: int, context: ssl.SSLContext, host: str = "127.0.0.1") -> "Http2Client":
        client = cls(*await asyncio.open_connection(host, port, ssl=context))
        client.h2.initiate_connection()
        client.flush()
        await client.until(lambda: bool(client.limits))
        return client

    def flush(self) -> None:
        self._writer.write(self.h2.data_to_send())

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def send(
        self, path: str, headers: dict[str, str] | list[tuple[str, str]], body: bytes = b"", *, method: str = "POST"
    ) -> int:
        fields = headers.items() if isinstance(headers, dict) else headers
        number = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "https"), (":authority", "127.0.0.1"), (":path", path)]
        self.h2.send_headers(number, [*pseudo, *fields], end_stream=not body)
        while body:
            piece, body = body[:16_384], body[16_384:]
            self.h2.send_data(number, piece, end_stream=not body)
        self.flush()
        return number

    def forget_limit(self) -> None:
        """Open as many streams as asked for, whatever the server has announced."""
        self.h2.remote_settings.max_concurrent_streams = 1000
        self.h2.remote_settings.acknowledge()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Read until something has come about, or the connection is closed."""
        while not condition() and not self.is_closed:
            try:
                data = await self._reader.read(65_536)
            except OSError:
                data = b""
            if not data:
                self.is_closed = True
                return
            if self.goaway is None:  # after it h2's client can read nothing any more
                for event in self.h2.receive_data(data):
                    self._take(event)
                self.flush()

    async def answers(self, *numbers: int) -> list[int]:
        """Return the statuses of these requests; 0 for one that was reset or never answered."""
        await self.until(lambda: all(number in self.ended or number in self.resets for number in numbers))
        return [self.status.get(number, 0) for number in numbers]

    async def ask(self, path: str, headers: dict[str, str] | list[tuple[str, str]], body: bytes = b"") -> int:
        (status,) = await self.answers(self.send(path, headers, body))
        return status

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            self.is_closed = True

    def _take(self, event: Event) -> None:
        match event:
            case RemoteSettingsChanged(changed_settings=changed):
                self.settings |= {int(code): setting.new_value for code, setting in changed.items()}
                if SettingCodes.MAX_CONCURRENT_STREAMS in changed:
                    self.limits.append(changed[SettingCodes.MAX_CONCURRENT_STREAMS].new_value)
            case ResponseReceived(stream_id=int() as number, headers=list() as headers):
                self.headers[number] = {str(name): str(value) for name, value in headers}
                self.status[number] = int(self.headers[number][":status"])
            case DataReceived(stream_id=int() as number, data=bytes() as data):
                self.bodies[number] = self.bodies.get(number, b"") + data
                self.h2.acknowledge_received_data(event.flow_controlled_length or 0, number)
            case StreamEnded(stream_id=int() as number):
                self.ended.add(number)
            case StreamReset(stream_id=int() as number, error_code=code):
                self.resets[number] = int(code or 0)
            case ConnectionTerminated():
                self.goaway = event
            case _:
                pass
