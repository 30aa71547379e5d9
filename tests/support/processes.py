"""Our programs as processes: start them, wait for a line of theirs, stop them. Never a sleep."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.watcher import WATCHERS

RINGWAKE = str(Path(sys.executable).parent / "ringwake")
SECONDS = 30.0


class Program:
    """A running program whose standard output is read line by line."""

    def __init__(self, *command: str, state: Path | None = None, log: Path | None = None) -> None:
        self.lines: list[str] = []
        self.state, self.log = state, log
        self.output = b""
        """All that was read of its standard output; after its end, all that it wrote."""
        self._rest = b""
        environment = {**os.environ, **({"RINGWAKE_STATE": str(state)} if state else {})}
        with ExitStack() as files:
            stderr = files.enter_context(log.open("wb")) if log else None
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment, bufsize=0
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()
        if error is not None:
            sys.stderr.write("\n".join(self.lines))
            if self.log is not None:
                sys.stderr.write(self.log.read_text(errors="replace"))

    def until(self, wanted: Callable[[str], bool], *, seconds: float = SECONDS) -> str:
        """Return the first line that is wanted, among those that were not asked for yet."""
        deadline = time.monotonic() + seconds
        for line in self._read(deadline):
            self.lines.append(line)
            if wanted(line):
                return line
        raise AssertionError(f"{self.process.args!r} did not say it; it said:\n" + "\n".join(self.lines))

    def event(self, name: str, **fields: Any) -> dict[str, Any]:
        """Return the first JSON line whose `event` is that and whose fields are these."""

        def wanted(line: str) -> bool:
            value = json.loads(line)
            return bool(value.get("event") == name and fields.items() <= value.items())

        found: dict[str, Any] = json.loads(self.until(wanted))
        return found

    def press(self, key: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{key}\n".encode())

    def kill(self) -> None:
        """Kill it as the out-of-memory killer would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Stop it as systemd would; return its exit code."""
        if self.process.poll() is None:
            for watcher in WATCHERS:
                watcher.stops(self)
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=SECONDS)
        self._close()
        return code

    def _close(self) -> None:
        """Read what is left, and close the pipes; once."""
        if self.process.stdin is None or self.process.stdout is None or self.process.stdout.closed:
            return
        self.output += self.process.stdout.read()
        self.process.stdin.close()
        self.process.stdout.close()
        for watcher in WATCHERS:
            watcher.stopped(self)

    def _read(self, deadline: float) -> Iterator[str]:
        assert self.process.stdout is not None
        while (left := deadline - time.monotonic()) > 0:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                yield line.decode()
            if not select.select([self.process.stdout], [], [], left)[0]:
                return
            octets = os.read(self.process.stdout.fileno(), 65536)
            if not octets:
                return
            self.output += octets
            self._rest += octets


@contextmanager
def ringwake(*arguments: str, state: Path, log: Path | None = None) -> Iterator[Program]:
    """Run one of our commands while the context is open; `log` takes its standard error."""
    for watcher in WATCHERS:
        log = watcher.starts(arguments, state, log)
    with Program(RINGWAKE, *arguments, state=state, log=log) as program:
        yield program


def run_ringwake(arguments: Sequence[str], *, state: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run one of our commands to its end."""
    environment = {**os.environ, "RINGWAKE_STATE": str(state)}
    done = subprocess.run(
        [RINGWAKE, *arguments], input=text, capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    for watcher in WATCHERS:
        watcher.hears(f"ringwake {arguments[0]}", done.stdout + done.stderr)
    return done
