"""SIPp as a caller or as a phone: scenarios put together from parts, processes, and what they saw on the wire.

A scenario is SIPp's own XML, but for `<part name="..."/>`: there stands the text of `parts/<name>.xml`, with the other
attributes in place of its `{words}`. So a scenario reads as a call flow.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.capture import Packet

PORT = 5060
"""SIPp listens there on the address that was leased for it."""
SECONDS = 20
_PART = re.compile(r"[ \t]*<part ([^>]*)/>\n?")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_WORD = re.compile(r"\{(\w+)\}")
_DEFAULTS = {"retrans": "500", "more": ""}
# One message of SIPp's message log: when, how, which way, and how many octets follow.
_LOGGED = re.compile(
    rb"^-+ (\d{4}-\d\d-\d\d)[ \t]+([\d:.]+)\n(UDP|TCP) message (sent|received) [(\[](\d+)[ \w]*[)\]].*:\n\n",
    re.MULTILINE,
)


def compose(scenario: Path) -> str:
    """Return a scenario with its parts in their places."""
    return _with_parts(scenario.read_text(), scenario.parent / "parts")


def _with_parts(text: str, folder: Path) -> str:
    def part(found: re.Match[str]) -> str:
        values = {**_DEFAULTS, **dict(_ATTRIBUTE.findall(found[1]))}
        return _with_parts(_fill((folder / f"{values['name']}.xml").read_text(), values), folder)

    return _PART.sub(part, text)


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of words; a line that nothing is left of goes."""
    lines = text.splitlines(keepends=True)
    filled = [(line, _WORD.sub(lambda word: values[word[1]], line)) for line in lines]
    return "".join(now for was, now in filled if now.strip() or not was.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who a SIPp is."""

    scenario: Path
    address: str
    """Its own."""
    server: str
    """`host:port`."""
    transport: str
    """udp or tcp."""
    account: str
    """Whom it calls, or who it is."""
    call_id: str
    credentials: str = ""
    """Authorization for its REGISTER: SIPp answers the first challenge only, and only if that is MD5."""
    options: tuple[str, ...] = ()


class Sipp:
    """A SIPp that plays one scenario once."""

    def __init__(self, role: Role, folder: Path) -> None:
        self._role = role
        self._stem = folder / f"{role.scenario.stem}-{role.transport}"
        self._said, writer = os.pipe()
        file = self._stem.with_suffix(".xml")
        file.write_text(compose(role.scenario))
        self._process = subprocess.Popen(
            [*self._command(file), "-trace_logs", "-log_file", f"/dev/fd/{writer}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[writer],
        )
        os.close(writer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._said)

    def until_registered(self) -> None:
        """Wait until the scenario says so."""
        deadline = time.monotonic() + SECONDS
        said = b""
        while b"registered" not in said:
            ready, _, _ = select.select([self._said], [], [], max(0.0, deadline - time.monotonic()))
            octets = os.read(self._said, 4096) if ready else b""
            assert octets, f"{self._stem.name} did not register: {self.complaints()}"
            said += octets

    def finish(self) -> None:
        """Wait for the end of the scenario, which is to be a good one."""
        code = self._process.wait(timeout=SECONDS + 5)
        assert code == 0, f"{self._stem.name} ended with {code}: {self.complaints()}"

    def complaints(self) -> str:
        """Return what SIPp did not expect, and all messages."""
        files = (self._stem.with_suffix(".errors"), self._stem.with_suffix(".messages"))
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def packets(self) -> list[Packet]:
        """Return what was sent and received, as SIPp saw it."""
        own, (host, _, port) = (self._role.address, PORT), self._role.server.rpartition(":")
        return [
            Packet(at=at, transport=transport, source=source, target=target, payload=payload)
            for at, transport, is_sent, payload in read_messages(self._stem.with_suffix(".messages").read_bytes())
            for source, target in [(own, (host, int(port))) if is_sent else ((host, int(port)), own)]
        ]

    def _command(self, file: Path) -> list[str]:
        role = self._role
        mode = {"udp": "u1", "tcp": "t1"}[role.transport]
        # fmt: off
        return [
            "sipp", role.server, "-sf", str(file), "-m", "1", "-nostdin", "-t", mode, *role.options,
            "-i", role.address, "-mi", role.address, "-p", str(PORT), "-s", role.account,
            "-cid_str", role.call_id, "-key", "credentials", role.credentials,
            "-timeout", str(SECONDS), "-timeout_error",
            "-trace_err", "-error_file", str(self._stem.with_suffix(".errors")),
            "-trace_msg", "-message_file", str(self._stem.with_suffix(".messages")),
        ]
        # fmt: on


def read_messages(log: bytes) -> list[tuple[float, str, bool, bytes]]:
    """Read SIPp's message log: epoch seconds (of local time), transport, whether it was sent, the octets."""
    messages: list[tuple[float, str, bool, bytes]] = []
    for found in _LOGGED.finditer(log):
        day, clock, transport, way, length = (group.decode() for group in found.groups())
        at = datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
        payload = log[found.end() : found.end() + int(length)]
        messages.append((at, transport.lower(), way == "sent", payload))
    return messages
