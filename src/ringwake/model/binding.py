"""A binding (RFC 3261 section 10): one phone's Contact under one address of record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ringwake.model.account import Aor
from ringwake.model.app import Provider
from ringwake.model.push import PushTarget
from ringwake.model.wakes import NEVER, Wakes
from ringwake.sip.flow import Flow


class DeviceState(Enum):
    """Reachability is not registration: a closed flow puts a phone to sleep, it does not remove it."""

    AWAKE = "awake"
    ASLEEP = "asleep"
    DEAD = "dead"
    """No live flow, and the provider says that its token is dead: it cannot be woken until it registers again."""
    UNREACHABLE = "unreachable"
    """No live flow, and no token to wake it by."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What one REGISTER left behind."""

    id: str
    """Opaque and stable over refreshes; names the phone in sealed tokens, branches and traces."""
    aor: Aor
    uri: str
    """Contact URI as the phone wrote it, without its push parameters (RFC 8599 section 13)."""
    params: str = ""
    """Contact header parameters as received, with the leading semicolon, without `expires`."""
    instance: str = ""
    """`+sip.instance` without quotes (RFC 5626 section 4.1), or empty."""
    reg_id: int = 0
    """`reg-id` (RFC 5626 section 4.2), or 0."""
    call_id: str
    cseq: int
    flow: Flow
    """The flow that registered: requests to the phone go down this one and nowhere else."""
    path: tuple[str, ...] = ()
    """Path values of the REGISTER (RFC 3327), topmost first: how proxies behind the flow find the phone."""
    first: str = ""
    """Id of the phone's first binding, when this is a further flow of it (RFC 5626); else empty."""
    push: PushTarget | None = None
    user_agent: str = ""
    registered_at: float
    """Epoch seconds of the last REGISTER."""
    expires_at: float
    """Epoch seconds."""
    refresh_at: float | None = None
    """Epoch seconds of the next silent push, when one is due at all."""
    refresh_tries: int = 0
    """Silent pushes sent since the last REGISTER."""
    wakes: Wakes = NEVER
    """How often its phone was woken and came; all bindings with one of its tokens know the same."""
    dead_token: Provider | None = None
    """Who said that a token of it is dead, since the last REGISTER that brought one."""

    @property
    def phone(self) -> str:
        """Names the phone: all its flows have this in common, and it stays when one of them goes."""
        return self.first or self.id

    @property
    def handset(self) -> str:
        """Names the phone over its logins as well, for its settings: by its instance, if it gave one."""
        return self.instance or self.phone

    @property
    def way(self) -> str:
        """Names the way to the phone, for branches: what goes along it twice is a retransmission.

        A phone knows it for one whichever of its flows it comes down. A proxy in between does not, and may have
        answered for a phone that slept: what comes after the next REGISTER is new to it.
        """
        return f"{self.id} {self.registered_at}" if self.path else self.phone

    def is_meant(self, only: str) -> bool:
        """Tell whether what is for one phone alone is for this one: `only` is its id, or empty for any phone."""
        return not only or only in (self.id, self.phone)

    def state(self, *, is_live: bool, wall: float) -> DeviceState:
        """Tell whether the phone can be reached, given whether its flow is live, at the wall clock `wall`."""
        if wall >= self.expires_at:
            return DeviceState.EXPIRED
        if is_live:
            return DeviceState.AWAKE
        if self.push:
            return DeviceState.ASLEEP
        return DeviceState.DEAD if self.dead_token else DeviceState.UNREACHABLE
