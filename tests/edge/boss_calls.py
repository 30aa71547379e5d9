"""The boss calls somebody of a `TenantWorld` by hand, and hears what becomes of it."""

from __future__ import annotations

from tests.support.in_world import asleep
from tests.support.stranger import Stranger
from tests.support.tenant_world import TenantWorld
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone

from ringwake.model.history import Entry
from ringwake.model.history_ops import ListHistory
from ringwake.model.store_ops import Recover, Recovered
from ringwake.observe.trace import Traces
from ringwake.sip.dialog import caller_dialog
from ringwake.sip.flow import Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import CANCEL, INVITE

ALICE = f"sip:alice@{DOMAIN}"
BOB = f"sip:bob@{DOMAIN}"


class Call:
    """The boss calls alice by hand."""

    def __init__(self, world: TenantWorld, boss: Stranger, invite: Request) -> None:
        self.world = world
        self.boss = boss
        self.invite = invite

    @property
    def responses(self) -> list[Response]:
        return self.boss.responses_to(self.invite)

    @property
    def statuses(self) -> list[int]:
        """Without retransmissions."""
        seen = {(r.status, r.headers.get("to"), r.headers.get("contact")): r.status for r in self.responses}
        return list(seen.values())

    @property
    def final(self) -> Response:
        """The one final response, however often it came."""
        finals = [r for r in self.responses if r.status >= 200]
        assert len({(r.status, r.headers.get("to")) for r in finals}) == 1, self.statuses
        return finals[0]

    @property
    def verdict(self) -> str:
        traces = Traces()
        for event in self.world.events:
            traces.note(event)
        timeline = traces.find(self.invite.call_id)
        assert timeline is not None
        return timeline.verdict()

    def cancel(self) -> None:
        self.boss.send(self.boss.request(CANCEL, ALICE, branch=self.invite.via.branch, call_id=self.invite.call_id))

    def in_dialog(self, method: str, *, seq: int | None = None) -> Request:
        """Write a request inside the dialog that a 2xx has begun."""
        via = f"SIP/2.0/{self.boss.transport.via} {self.boss.address};rport;branch=z9hG4bK{self.world.ids.hex(12)}"
        return caller_dialog(self.invite, self.final).request(method, via=via, seq=seq)


async def calling(
    world: TenantWorld, *more: str, uri: str = ALICE, transport: Transport = Transport.UDP, sender: str = "boss"
) -> Call:
    boss = await Stranger(world, transport=transport).open()
    asked = boss.request(INVITE, uri, f"Contact: <sip:boss@{boss.address}>", *more, sender=f"sip:{sender}@{DOMAIN}")
    invite = await boss.signed(sender, asked)
    boss.send(invite)
    await pause(0.1)
    return Call(world, boss, invite)


async def deaf(world: TenantWorld, user: str = "alice") -> Phone:
    """Return a phone that sleeps and will not wake."""
    phone = await asleep(world, user)
    phone.wakes = False
    return phone


def forwarded(pbx: Stranger, method: str = INVITE) -> list[Request]:
    """Requests that the PBX got, each once."""
    return list({r.via.branch: r for r in pbx.requests if r.method == method}.values())


def open_calls(world: TenantWorld) -> int:
    found: list[Recovered] = []
    world.store.submit(Recover(wall=world.wall(world.loop.time())), found.append)
    return len(found[0].calls)


def history(world: TenantWorld) -> list[Entry]:
    """Return what was written down, oldest first."""
    found: list[tuple[Entry, ...]] = []
    world.store.submit(ListHistory(), found.append)
    return list(reversed(found[0]))
