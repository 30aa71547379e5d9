"""Push clients that others wrote, run as programs of their own, and one phone at the emulators that they push to."""

from __future__ import annotations

import asyncio
import json
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.push.phone import Phone, attached

from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab

wall = time.time  # noqa: TID251  # both sides need the same clock, and theirs is the real one
ENVIRONMENT = Path(__file__).parents[2] / ".venv/peers"
NODE = ENVIRONMENT / "bin/node"
PROGRAMS = Path(__file__).parent / "peers"
SECONDS = 40.0
needs_peers = pytest.mark.skipif(not NODE.exists(), reason="Node has no wheel for this machine")
_TRUST = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def command(program: str, work: dict[str, Any]) -> list[str]:
    """Return the command line of one of the programs in `peers/`."""
    runner = NODE if program.endswith(".js") else ENVIRONMENT / "bin/python"
    return [str(runner), str(PROGRAMS / program), json.dumps(work)]


def environment(ca_file: Path) -> dict[str, str]:
    """Return an environment in which the programs trust one authority, and find npm's modules."""
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return env | dict.fromkeys(_TRUST, str(ca_file)) | {"NODE_PATH": str(ENVIRONMENT / "node_modules")}


async def ask(program: str, work: dict[str, Any], *, ca_file: Path) -> list[dict[str, Any]]:
    """Have a program do its work, and return what it says of each push."""
    process = await asyncio.create_subprocess_exec(
        *command(program, work),
        env=environment(ca_file),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complained = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complained.decode()
    answers: list[dict[str, Any]] = json.loads(said)
    assert len(answers) == len(work["pushes"])
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Lodge:
    """The emulators, and one phone attached to them."""

    lab: Lab
    phone: Phone

    async def received(self, count: int) -> list[dict[str, Any]]:
        """Return what the phone has got: so many pushes, and nothing after them."""
        pushes = [await self.phone.push() for _ in range(count)]
        # An answer, not a push, comes next: the emulators answer in order.
        assert (await self.phone.ask("register", provider="apns", app="com.example.last"))["op"] == "registered"
        return pushes

    def refusals(self, service: str) -> list[str]:
        """Return why a service has refused what."""
        return [
            entry.reason for entry in self.lab.journal.entries if (entry.service, entry.event) == (service, "refused")
        ]


@asynccontextmanager
async def lodge(folder: Path) -> AsyncIterator[Lodge]:
    """Open both; the folder keeps the keys."""
    async with Lab.open(folder, clock=Clock(wall)) as lab, attached(lab) as phone:
        yield Lodge(lab=lab, phone=phone)


def text_of(key: ec.EllipticCurvePrivateKey) -> tuple[str, str]:
    """Return a VAPID key pair as clients take it: public and private, base64url."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _text(point), _text(key.private_numbers().private_value.to_bytes(32, "big"))


def by(pushes: Sequence[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Return some fields of pushes, in an order that does not depend on which came first."""
    return sorted((tuple(push[name] for name in names) for push in pushes), key=repr)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
