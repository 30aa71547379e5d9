"""A world with iPhones: each has two tokens, and CallKit shows a call for each VoIP push, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from tests.support.virtual_loop import LONGEST, pause, run_virtual
from tests.support.world import DOMAIN, Phone, World

from ringwake.model.app import App, AppKey, Provider
from ringwake.model.push import Kind, Push, Service
from ringwake.secret import Secret
from ringwake.sip.flow import Transport
from ringwake.softphone.line_events import CallChanged, InviteArrived, LineEvent
from ringwake.store.directory import MemoryDirectory
from ringwake.ua.call import CallState
from ringwake.ua.identity import Identity
from ringwake.ua.registration import PushContact, Registration

APP = "TEAM123456.com.example.phone"
_ENDS = (Kind.MISSED, Kind.ELSEWHERE, Kind.CANCEL)


class IPhone(Phone):
    """An iPhone that takes VoIP pushes."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.on_screen: dict[str, str] = {}
        """What CallKit shows, by Call-ID: `ringing`, `up`, or how it went."""
        self.is_deaf = False
        """Whether alert and background pushes do not reach it."""

    @property
    def voip(self) -> str:
        return sha256(f"voip {self.token}".encode()).hexdigest()

    @property
    def remote(self) -> str:
        return sha256(f"remote {self.token}".encode()).hexdigest()

    @property
    def phantoms(self) -> list[str]:
        """Calls that ring and that nobody has brought or ended."""
        return [call_id for call_id, state in self.on_screen.items() if state == "ringing"]

    def has_token(self, token: str) -> bool:
        return token in (self.voip, self.remote)

    def pushed(self, push: Push) -> None:
        call_id = push.notice.call_id
        if push.service is Service.VOIP:
            self.on_screen.setdefault(call_id, "ringing")
        elif self.is_deaf:
            return
        elif push.notice.kind in _ENDS and self.on_screen.get(call_id) == "ringing":
            self.on_screen[call_id] = f"push: {push.notice.kind}"
        super().pushed(push)

    async def register(self, *, expires: int = 3600) -> None:
        if self._registration is None:
            prid = Secret(f"{self.voip}:voip&{self.remote}:remote")
            self._registration = Registration(
                identity=Identity(user=self.user, domain=DOMAIN, password=Secret(f"{self.user}-password")),
                instance=self.instance,
                ids=self.ids,
                push=PushContact(provider="apns", param=f"{APP}.voip&remote", prid=prid),
            )
        await super().register(expires=expires)

    def _event(self, event: LineEvent) -> None:
        if isinstance(event, InviteArrived):
            self.on_screen[event.call.call_id] = "ringing"
        elif isinstance(event, CallChanged) and event.call.call_id in self.on_screen:
            ended = event.call.state is CallState.ENDED
            self.on_screen[event.call.call_id] = event.call.ending if ended else event.call.state.value
        super()._event(event)


class AppleWorld(World):
    """A world where iPhones have an application, too."""

    def __init__(self, *, call_repeat: float = 10.0) -> None:
        self._call_repeat = call_repeat
        super().__init__()

    def iphone(self, user: str, *, transport: Transport = Transport.TLS) -> IPhone:
        """Make an iPhone that is off."""
        made = self.phone(user, transport=transport)
        phone = IPhone(
            world=self,
            user=user,
            address=made.address,
            transport=transport,
            token=made.token,
            ids=made.ids,
            instance=made.instance,
        )
        self.phones[-1] = phone
        return phone

    async def sleeping_iphone(self, user: str = "alice", *, transport: Transport = Transport.TLS) -> IPhone:
        """Return an iPhone that has registered, and whose app was terminated a minute ago."""
        phone = self.iphone(user, transport=transport)
        await phone.wake()
        await phone.sleep()
        await pause(60)
        return phone

    def _directory(self) -> MemoryDirectory:
        known = super()._directory()
        key = AppKey(Provider.APNS, APP)
        apple = App(key=key, tenant=DOMAIN, show_caller=True, call_repeat=self._call_repeat)
        tenant = known.tenant(DOMAIN)
        assert tenant is not None
        return MemoryDirectory([tenant], [*known.apps(DOMAIN), apple], known.accounts())


def in_apple_world(
    test: Callable[[AppleWorld], Awaitable[None]], *, call_repeat: float = 10.0, limit: float = LONGEST
) -> None:
    """Run a test in virtual time in a world with iPhones; no error may have been swallowed there."""

    async def main() -> None:
        world = AppleWorld(call_repeat=call_repeat)
        await test(world)
        await world.close()

    run_virtual(main(), limit=limit)
