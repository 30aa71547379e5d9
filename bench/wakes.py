"""Woken calls with real softphones: each is asleep, is called, wakes by push, is answered, and the caller hangs up."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable
from pathlib import Path

from ringwake.app.system import SystemIds
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport
from ringwake.softphone.device import Device
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.call import CallState
from ringwake.ua.identity import Identity

SECONDS = 20.0


class Wakes:
    """Callees that sleep, and one caller."""

    def __init__(self, server: Address, domain: str, project: str, *, inbox: str, ca_file: Path) -> None:
        self._server = server
        self._domain = domain
        self._project = project
        self._inbox = inbox
        self._ca_file = ca_file
        self._changed = asyncio.Event()
        self.phones: list[Device] = []
        self.caller: Device | None = None

    async def open(self, caller: tuple[str, str], callees: list[tuple[str, str]]) -> None:
        """Register everybody (name, password); the callees' apps are terminated then."""
        self.caller = self._device(*caller, push=False)
        await self.caller.start()
        for callee in callees:
            phone = self._device(*callee, push=True)
            await phone.start()
            await phone.terminate()
            self.phones.append(phone)

    async def close(self) -> None:
        """Switch all phones off."""
        for phone in self.phones:
            await phone.stop()
        if self.caller is not None:
            await self.caller.stop()

    async def call(self, phone: Device) -> None:
        """Call a phone, answer, hang up, and let the phone sleep again."""
        assert self.caller is not None
        call = self.caller.call(f"sip:{phone.settings.identity.user}@{self._domain}")
        await self._until(lambda: phone.current_call is not None)
        ringing = phone.current_call
        assert ringing is not None
        phone.accept(ringing)
        await self._until(lambda: call.state is CallState.UP and ringing.state is CallState.UP)
        self.caller.hang_up(call)
        await self._until(lambda: ringing.state is CallState.ENDED)
        await phone.terminate()

    async def _until(self, is_done: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not is_done():
                self._changed.clear()
                await self._changed.wait()

    def _device(self, user: str, password: str, *, push: bool) -> Device:
        settings = PhoneSettings(
            identity=Identity(user=user, domain=self._domain, password=Secret(password)),
            server=self._server,
            transport=Transport.TCP,
            ca_file=self._ca_file,
            provider="fcm" if push else "",
            app=self._project,
            inbox=self._inbox,
            device=user,
            device_secret=Secret(secrets.token_urlsafe(16)),
            instance=f"urn:uuid:{uuid.uuid4()}",
        )
        return Device(settings, SystemIds(), on_note=lambda _: self._changed.set())
