"""The two sides of a dialog, written by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, World

from ringwake.sip.dialog import Dialog, callee_dialog, caller_dialog
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, INVITE

ALICE = f"sip:alice@{DOMAIN}"
TCP = Transport.TCP
_PURR = re.compile(r'\+sip\.pnspurr="([^"]+)"')


@dataclass
class Side:
    """One side of a dialog, written by hand."""

    stranger: Stranger
    dialog: Dialog

    @property
    def contact(self) -> str:
        return f"sip:side@{self.stranger.address}"

    def request(self, method: str, *, seq: int | None = None) -> Request:
        """Write a request of this dialog."""
        stranger = self.stranger
        branch = stranger.world.ids.hex(12)
        via = f"SIP/2.0/{stranger.transport.via} {stranger.address};rport;branch=z9hG4bK{branch}"
        made = self.dialog.request(method, via=via, seq=seq)
        made.headers.append("session-expires", "1800")
        made.body = b"v=0\r\n\x00"
        return made


async def register(phone: Stranger, *, name: str = "1") -> str:
    """Register a phone of alice with a token, as the same instance each time; returns its PURR."""
    token = f"pn-provider=fcm;pn-param={PROJECT};pn-prid=token-of-alice-{name}"
    contact = f'<sip:side@{phone.address};{token}>;+sip.instance="<urn:uuid:{name}>"'
    ok = await phone.ask_as("alice", phone.register("alice", contact=contact))
    assert ok.status == 200
    (purr,) = _PURR.findall(ok.headers.get("feature-caps") or "")
    return str(purr)


async def established(
    world: World,
    caller_by: Transport = TCP,
    callee_by: Transport = TCP,
    *,
    acknowledge: bool = True,
    with_purr: bool = False,
) -> tuple[Side, Side]:
    """Let the boss call alice's phone, which answers, and may say that it can be woken for the dialog."""
    phone = await Stranger(world, transport=callee_by, address=Address("10.0.0.50", 4000)).open()
    purr = await register(phone)
    boss = await Stranger(world, transport=caller_by).open()
    asked = boss.request(INVITE, ALICE, f"Contact: <sip:side@{boss.address}>")
    invite = await boss.signed("boss", asked)
    boss.send(invite)
    await pause(0.1)
    arrived = phone.requests[-1]
    routes = [("record-route", text) for text in arrived.headers.texts("record-route")]
    contact = f"sip:side@{phone.address}" + (f";pn-purr={purr}" if with_purr else "")
    phone.answer(arrived, 200, *routes, ("contact", f"<{contact}>"))
    await pause(0.1)
    ok = boss.responses_to(invite)[-1]
    caller = Side(boss, caller_dialog(invite, ok))
    callee = Side(phone, callee_dialog(arrived, ok))
    if acknowledge:
        boss.send(caller.request(ACK, seq=invite.cseq.number))
        await pause(0.1)
        assert phone.requests[-1].method == ACK
    return caller, callee
