"""HTTP/1.1 on one line, the server's end: one request after the other (RFC 9112). h11 does the parsing."""

import asyncio

import h11

from ringwake.emulators.exchange import Peer, Reply, Request, Reset, Response
from ringwake.emulators.line import Line, Site


class Http1:
    """One connection."""

    def __init__(self, line: Line, site: Site, peer: Peer) -> None:
        self._line = line
        self._site = site
        self._peer = peer
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=site.terms.header_list_size)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._is_asked = False
        self._ahead = 0
        self._ends = False
        self._task: asyncio.Future[Reply] | None = None

    @property
    def open_requests(self) -> int:
        """How many requests are under way: one or none."""
        return int(self._head is not None)

    def receive(self, data: bytes) -> None:
        """Take what came; a breach of the protocol is answered and ends the connection."""
        if self._is_asked:
            # A request that follows before the answer waits in h11, but not without bound.
            self._ahead += len(data)
            if self._ahead > self._site.terms.body_size:
                self._line.abort()
                return
        try:
            if data:
                self._h11.receive_data(data)
            self._advance()
        except h11.RemoteProtocolError as error:
            self._site.counters.malformed += 1
            if self._h11.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                self._send(Response(status=error.error_status_hint), ends=True)
            self._line.close()

    def settle(self) -> None:
        """Nothing to announce in HTTP/1.1."""

    def goodbye(self, debug: bytes = b"") -> None:
        """Close after the request under way, if there is one."""
        del debug
        self._ends = True
        if self._head is None:
            self._line.close()

    def lost(self) -> None:
        """Stop the handler at work."""
        if self._task is not None:
            self._task.cancel()

    def _advance(self) -> None:
        while True:
            event = self._h11.next_event()
            match event:
                case h11.Request():
                    self._begin(event)
                case h11.Data() if not self._is_asked:
                    self._read(bytes(event.data))
                case h11.EndOfMessage() if not self._is_asked:
                    self._ask()
                case h11.NEED_DATA | h11.PAUSED | h11.ConnectionClosed():
                    return
                case _:
                    pass

    def _begin(self, head: h11.Request) -> None:
        self._head = head
        # h11 bounds only what is incomplete
        if sum(len(name) + len(value) for name, value in head.headers) > self._site.terms.header_list_size:
            raise h11.RemoteProtocolError("headers too long", error_status_hint=431)
        if self._h11.they_are_waiting_for_100_continue:
            self._line.write(self._h11.send(h11.InformationalResponse(status_code=100, headers=[])))

    def _read(self, data: bytes) -> None:
        room = self._site.terms.body_size - len(self._body)
        self._body += data[:room]
        if len(data) > room:
            self._ask(too_long=True)

    def _ask(self, *, too_long: bool = False) -> None:
        assert self._head is not None
        self._is_asked, self._ahead = True, 0
        self._ends = self._ends or too_long
        request = Request(
            method=self._head.method.decode("latin-1"),
            target=self._head.target.decode("latin-1"),
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._head.headers),
            body=bytes(self._body),
            too_long=too_long,
            peer=self._peer,
        )
        self._task = self._site.ask(request, self._answer)

    def _answer(self, reply: Reply) -> None:
        if isinstance(reply, Reset):
            self._site.counters.resets_sent += 1
            self._line.abort()
            return
        self._send(reply, ends=self._ends)
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            self._line.close()
            return
        was_late = self._task is not None
        self._head, self._task, self._is_asked = None, None, False
        self._body.clear()
        self._h11.start_next_cycle()
        if was_late:
            self.receive(b"")

    def _send(self, response: Response, *, ends: bool) -> None:
        headers = response.fields(self._site.clock.wall()) + ([("connection", "close")] if ends else [])
        is_head = self._head is not None and self._head.method == b"HEAD"
        self._line.write(self._h11.send(h11.Response(status_code=response.status, headers=headers)))
        if response.content and not is_head:
            self._line.write(self._h11.send(h11.Data(data=response.content)))
        self._line.write(self._h11.send(h11.EndOfMessage()))
