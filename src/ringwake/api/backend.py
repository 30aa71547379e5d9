"""What the API works with: the same parts as the SIP side, no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ringwake.api.desks import Desks
from ringwake.api.push_desk import PushDesk
from ringwake.edge.limits import FailureLimit
from ringwake.model.account import Aor
from ringwake.model.ports import Ids, Store
from ringwake.observe.metrics import Metrics
from ringwake.observe.pbx_news import PbxNews
from ringwake.observe.trace import Traces
from ringwake.registrar.credentials import Authenticator
from ringwake.secret import Secret
from ringwake.sip.flow import Flow
from ringwake.store.directory import MemoryDirectory
from ringwake.store.keys import KeyRing
from ringwake.wake.actions import ActionLinks
from ringwake.wake.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Parts of the server that HTTP speaks of."""

    store: Store
    directory: MemoryDirectory
    traces: Traces
    metrics: Metrics
    authenticator: Authenticator
    keys: KeyRing
    ids: Ids
    has_account: Callable[[Aor], bool]
    """Whether an account may exist: also one that only its PBX knows."""
    token: Secret[str]
    """The operator's bearer token."""
    is_live: Callable[[Flow], bool]
    pbx: PbxNews
    """How accounts stand at their PBXs."""
    ledger: Ledger
    """Pushes whose phones have not come yet."""
    problems: Callable[[], list[str]]
    """What keeps the server from being ready; empty when it is."""
    ask_relay: Callable[[], Awaitable[str]] | None = None
    """Asks the media relay for a sign of life: what is wrong with it, or an empty text. None: there is none."""
    push: PushDesk | None = None
    """The push side. None: nobody is pushed to."""
    links: ActionLinks | None = None
    """Reads the URLs of notifications. None: there are none."""
    desks: Desks
    """What may be set going."""
    limit: FailureLimit
    """Wrong passwords by address, counted together with those of SIP."""
    clock: Callable[[], float]
    """Monotonic seconds now."""
    wall: Callable[[], float]
    """Epoch seconds now."""
