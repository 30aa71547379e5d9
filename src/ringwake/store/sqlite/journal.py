"""Our end of the writer process: one batch at a time, what became of it, and a new process when one dies."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ringwake.store.sqlite import writer
from ringwake.store.sqlite.writer import LENGTH, Answer

_CHUNK = 65536


class Journal:
    """Gives batches to the writer. `answered` is called once for each, from the event loop."""

    def __init__(self, path: Path, *, max_pages: int, answered: Callable[[Answer, str], None]) -> None:
        self._command = [sys.executable, "-I", "-S", writer.__file__, str(path), str(max_pages)]
        self._answered = answered
        self._loop = asyncio.get_running_loop()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._unsent = memoryview(b"")
        self._received = bytearray()
        self._is_waiting = False
        self._ended = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The writer's process id, while there is one."""
        return self._process.pid if self._process else None

    def write(self, body: bytes) -> None:
        """Send one batch, starting the writer if there is none. The one before must have been answered."""
        self._is_waiting = True
        try:
            ours = self._socket or self._start()
        except OSError as error:
            self._loop.call_soon(self._answer, Answer.REFUSED, f"the writer process cannot be started: {error}")
            return
        self._unsent = memoryview(LENGTH.pack(len(body)) + body)
        self._send(ours)

    async def close(self) -> None:
        """Have the writer close the database, and wait for its end."""
        if self._process is None or self._socket is None:
            return
        self._socket.shutdown(socket.SHUT_WR)
        try:
            await self._ended.wait()
        finally:
            self.kill()

    def kill(self) -> None:
        """End the writer at once, as a power cut would: what it has answered is on disk."""
        if self._process is not None and self._socket is not None:
            self._process.kill()
            self._end(self._socket)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                # A group of its own: Ctrl-C in the terminal is for us, we end the writer when the last batch is in.
                self._process = subprocess.Popen(self._command, stdin=theirs.fileno(), process_group=0)  # noqa: S603  # our own file
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        self._socket = ours
        self._ended.clear()
        self._received.clear()
        self._loop.add_reader(ours, self._receive, ours)
        return ours

    def _send(self, ours: socket.socket) -> None:
        try:
            sent = ours.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._end(ours)
            return
        self._unsent = self._unsent[sent:]
        if self._unsent:
            self._loop.add_writer(ours, self._send, ours)
        else:
            self._loop.remove_writer(ours)

    def _receive(self, ours: socket.socket) -> None:
        try:
            chunk = ours.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._end(ours)
            return
        self._received += chunk
        if len(self._received) < LENGTH.size:
            return
        end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
        if len(self._received) >= end:
            answer, reason = self._received[LENGTH.size], self._received[LENGTH.size + 1 : end].decode()
            del self._received[:end]
            self._answer(Answer(answer), reason)

    def _end(self, ours: socket.socket) -> None:
        self._loop.remove_reader(ours)
        self._loop.remove_writer(ours)
        ours.close()
        if self._process is not None:
            self._process.wait()
        self._process = self._socket = None
        self._unsent = memoryview(b"")
        self._ended.set()
        self._answer(Answer.DOUBTFUL, "the writer process has ended")

    def _answer(self, answer: Answer, reason: str) -> None:
        if self._is_waiting:
            self._is_waiting = False
            self._answered(answer, reason)
