"""Calls between a phone, played by hand, and its PBX."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.pbx_world import PbxWorld
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT

from ringwake.sip.dialog import Dialog, callee_dialog, caller_dialog
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, INVITE

HOME = Address("10.0.0.51", 4000)
CALLEE = f"sip:+15551234@{DOMAIN}"


async def registered(
    world: PbxWorld, user: str = "alice", *, transport: Transport = Transport.TCP, address: Address = HOME
) -> Stranger:
    """Return a phone that has registered with its token."""
    phone = await Stranger(world, transport=transport, address=address).open()
    await register(phone, user)
    await pause(5)  # the PBX has our Contact by now
    return phone


async def register(phone: Stranger, user: str = "alice", *, expires: int = 86_400) -> Response:
    """Register, or leave."""
    token = f"pn-provider=fcm;pn-param={PROJECT};pn-prid=token-of-{user}-1"
    contact = f'<sip:{user}@{phone.address};{token}>;+sip.instance="<urn:uuid:{user}>"'
    asked = phone.register(user, contact=contact, expires=expires)
    return await phone.ask_as(user, asked)


def invite(phone: Stranger, *more: str, uri: str = CALLEE, user: str = "alice") -> Request:
    """Write an INVITE of a phone."""
    return phone.request(INVITE, uri, f"Contact: <sip:{user}@{phone.address}>", *more, sender=f"sip:{user}@{DOMAIN}")


@dataclass
class Call:
    """A call that is up, as both ends know it."""

    world: PbxWorld
    phone: Stranger
    phones: Dialog
    pbxs: Dialog
    asked: Request
    """The INVITE as its sender wrote it."""
    arrived: Request
    """As it came to the other end."""

    def by_phone(self, method: str, *fields: tuple[str, str], seq: int | None = None) -> Request:
        """Send a request of the phone inside the dialog."""
        via = f"SIP/2.0/{self.phone.transport.via} {self.phone.address};rport;branch=z9hG4bK{self.world.ids.hex(12)}"
        made = self.phones.request(method, via=via, seq=seq)
        for key, text in fields:
            made.headers.append(key, text)
        self.phone.send(made)
        return made

    def by_pbx(self, method: str, *, seq: int | None = None) -> Request:
        """Send a request of the PBX inside the dialog."""
        made = self.world.pbx.in_dialog(self.pbxs, method, seq=seq)
        self.world.pbx.send(made)
        return made


async def call_out(world: PbxWorld, phone: Stranger, *, acknowledges: bool = True) -> Call:
    """Let a phone call; whoever answers for it at the PBX takes the call."""
    asked = invite(phone)
    phone.send(asked)
    await pause(0.1)
    arrived = world.pbx.requests(INVITE)[-1]
    ok = world.pbx.answer(arrived, 200)
    await pause(0.1)
    heard = phone.responses_to(asked)[-1]
    assert heard.status == 200
    call = Call(world, phone, caller_dialog(asked, heard), callee_dialog(arrived, ok), asked, arrived)
    if acknowledges:
        call.by_phone(ACK, seq=asked.cseq.number)
        await pause(0.1)
    return call


async def call_in(world: PbxWorld, phone: Stranger) -> Call:
    """Let the PBX call a phone that takes the call."""
    (asked,) = world.pbx.fork()
    await pause(0.1)
    arrived = phone.requests[-1]
    routes = [("record-route", text) for text in arrived.headers.texts("record-route")]
    contact = ("contact", f"<sip:alice@{phone.address}>")
    phone.answer(arrived, 200, *routes, contact)
    await pause(0.1)
    ok = world.pbx.responses(asked)[-1]
    assert ok.status == 200
    call = Call(world, phone, callee_dialog(arrived, ok), caller_dialog(asked, ok), asked, arrived)
    call.by_pbx(ACK, seq=1)
    await pause(0.1)
    return call
