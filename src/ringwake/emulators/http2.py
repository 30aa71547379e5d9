"""HTTP/2 on one line, the server's end: streams, their limit, GOAWAY and flow control (RFC 9113).

h2 does the framing. Two things it would do its own way are done here: it ends the connection at a stream above the
limit, where the push services refuse the stream; and after its GOAWAY it can send no answer any more.
"""

from contextlib import suppress

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    PingReceived,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import NoSuchStreamError, ProtocolError, StreamIDTooLowError
from h2.settings import SettingCodes

from ringwake.emulators.exchange import Peer, Reply, Reset, Response
from ringwake.emulators.line import Line, Site
from ringwake.emulators.stream import Announced, Stream, goaway_frame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# A client that has begun more requests meanwhile needs time to read our GOAWAY and close.
_LINGER_SECONDS = 2.0
OVERRUN = b"Maximum active streams violated"
# h2 counts the open streams at each new one. In slices those refused are closed before the next ones are counted.
_SLICE = 4096
# Of a stream that h2 has forgotten: it reads further ahead than we do, and the client may have broken it off.
_GONE = (NoSuchStreamError, StreamIDTooLowError)


class Http2:
    """One connection."""

    def __init__(self, line: Line, site: Site, peer: Peer) -> None:
        self._line = line
        self._site = site
        self._peer = peer
        self._streams: dict[int, Stream] = {}
        self._owed: dict[int, int] = {}
        self._requests = 0
        self._latest = 0
        self._last: int | None = None
        self._ignored = 0
        self._trusted = False
        self._announced = self._limit
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self._begin()

    def _begin(self) -> None:
        terms = self._site.terms
        self._h2.local_settings = Announced(terms, self._announced)
        self._h2.max_inbound_frame_size = terms.frame_size
        self._h2.decoder.max_allowed_table_size = terms.header_table_size
        self._h2.decoder.max_header_list_size = terms.header_list_size
        self._h2.initiate_connection()
        self._flush()

    @property
    def open_requests(self) -> int:
        """How many requests are under way."""
        return len(self._streams)

    @property
    def _limit(self) -> int:
        terms = self._site.terms
        untrusted = 0 if self._trusted else terms.first_streams
        return self._site.manner.streams or untrusted or terms.streams

    def receive(self, data: bytes) -> None:
        """Take what came; a breach of the protocol ends the connection with GOAWAY."""
        try:
            for begin in range(0, len(data), _SLICE):
                for event in self._h2.receive_data(data[begin : begin + _SLICE]):
                    self._take(event)
                if self._line.is_closing:
                    break
        except ProtocolError:
            self._site.counters.malformed += 1
            self._flush()
            self._line.close()
            return
        self._flush()

    def settle(self) -> None:
        """Announce a changed limit, and pay the flow-control credit that was held back."""
        with suppress(ProtocolError):  # it is closing already
            self._announce()
            if not self._site.manner.stall:
                self._pay()
        self._flush()

    def goodbye(self, debug: bytes = b"", code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Say GOAWAY: streams up to here are finished, later ones never looked at."""
        if self._last is None:
            self._last = self._latest
            self._site.counters.goaways += 1
            self._flush()
            self._line.write(goaway_frame(self._last, code, debug))
        if not self._streams:
            self._line.close()

    def lost(self) -> None:
        """Stop the handlers at work."""
        for stream in self._streams.values():
            if stream.task is not None:
                stream.task.cancel()
        self._streams.clear()

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived(stream_id=int() as number, headers=list() as headers):
                self._open(number, [(bytes(name), bytes(value)) for name, value in headers])
            case DataReceived(stream_id=int() as number, data=bytes() as data):
                self._owe(number, event.flow_controlled_length or 0)
                self._read(number, data)
            case StreamEnded(stream_id=int() as number) if (stream := self._streams.get(number)) is not None:
                stream.is_complete = True
                self._ask(number, stream)
                self._forget_if_done(number)
            case StreamReset(stream_id=int() as number):
                self._broken_off(number)
            case WindowUpdated() | RemoteSettingsChanged():
                for number in list(self._streams):
                    with suppress(*_GONE):
                        self._pump(number)
            case PingReceived():
                self._site.counters.pings += 1
            case ConnectionTerminated():
                self._line.close()
            case _:
                pass
        if not self._site.manner.stall:
            self._pay()

    def _owe(self, number: int, octets: int) -> None:
        if octets:
            self._owed[number] = self._owed.get(number, 0) + octets

    def _pay(self) -> None:
        while self._owed:
            number, octets = self._owed.popitem()
            self._h2.acknowledge_received_data(octets, number)

    def _open(self, number: int, headers: list[tuple[bytes, bytes]]) -> None:
        counters, manner = self._site.counters, self._site.manner
        if self._last is not None:  # RFC 9113 6.8: beyond the stream that GOAWAY named nothing is processed
            self._ignored += 1
            if self._ignored > self._site.terms.streams:
                self._line.close()
            return
        if len(self._streams) >= self._limit:
            counters.refused += 1
            self._break_off(number, ErrorCodes.REFUSED_STREAM)
            if manner.overrun_ends:
                self.goodbye(OVERRUN, ErrorCodes.ENHANCE_YOUR_CALM)
                self._line.close()
            return
        self._streams[number] = Stream(headers)
        self._latest = number
        self._requests += 1
        if manner.goaway_every and self._requests >= manner.goaway_every:
            self.goodbye(manner.goaway_debug)

    def _read(self, number: int, data: bytes) -> None:
        stream = self._streams.get(number)
        if stream is None or stream.is_asked:
            return
        if stream.read(data, self._site.terms.body_size):
            self._ask(number, stream, too_long=True)

    def _ask(self, number: int, stream: Stream, *, too_long: bool = False) -> None:
        if stream.is_asked:
            return
        stream.is_asked = True
        request = stream.request(self._peer, too_long=too_long)
        stream.task = self._site.ask(request, lambda reply: self._answer(number, reply))

    def _answer(self, number: int, reply: Reply) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        try:
            if isinstance(reply, Reset):
                self._site.counters.resets_sent += 1
                self._break_off(number, ErrorCodes.INTERNAL_ERROR)
            else:
                self._send(number, stream, reply)
            self._announce()
        except _GONE:
            self._streams.pop(number, None)
        except ProtocolError:
            self._line.close()
        self._flush()
        self._end_if_done()

    def _send(self, number: int, stream: Stream, response: Response) -> None:
        headers = [(":status", str(response.status)), *response.fields(self._site.clock.wall())]
        self._h2.send_headers(number, headers, end_stream=not response.content)
        self._trusted = self._trusted or response.trusts_peer
        stream.answered, stream.unsent = not response.content, response.content
        self._pump(number)
        self._forget_if_done(number)

    def _pump(self, number: int) -> None:
        """Send as much of an answer's body as the client's windows allow."""
        stream = self._streams[number]
        while stream.unsent:
            window = self._h2.local_flow_control_window(number)
            size = min(len(stream.unsent), window, self._h2.max_outbound_frame_size)
            if size <= 0:
                return
            stream.answered = size == len(stream.unsent)
            self._h2.send_data(number, stream.unsent[:size], end_stream=stream.answered)
            stream.unsent = stream.unsent[size:]
        self._forget_if_done(number)

    def _forget_if_done(self, number: int) -> None:
        stream = self._streams.get(number)
        if stream is None or not stream.answered:
            return
        if stream.is_complete:
            del self._streams[number]
        else:
            self._break_off(number, ErrorCodes.NO_ERROR)  # RFC 9113 8.1: the rest of the body is not wanted

    def _break_off(self, number: int, code: ErrorCodes) -> None:
        self._streams.pop(number, None)
        with suppress(*_GONE):
            self._h2.reset_stream(number, code)

    def _broken_off(self, number: int) -> None:
        self._site.counters.resets += 1
        stream = self._streams.pop(number, None)
        if stream is not None and stream.task is not None:
            stream.task.cancel()
        self._end_if_done()

    def _announce(self) -> None:
        if self._announced != self._limit:
            self._announced = self._limit
            self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self._announced})

    def _end_if_done(self) -> None:
        if self._last is not None and not self._streams:
            self._flush()
            self._line.linger(_LINGER_SECONDS)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._line.write(data)
