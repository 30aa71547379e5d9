"""Operations on the store, as values: each is one atomic step in every store (docs/adr/0005-store.md).

`Park` returns the callee's bindings and `Register` returns the parked calls, so a call and a REGISTER that cross each
other always meet: whichever comes second sees the first, and no wake is lost. Those on accounts, messages, settings and
histories stand in `account_ops`, `message_ops`, `settings_ops` and `history_ops`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.history import Entry
from ringwake.model.push import PushTarget, SubscriptionKeys
from ringwake.model.stored_message import StoredMessage
from ringwake.model.token_claims import Challenged, TokenClaims, TokenProof
from ringwake.model.wakes import Wake
from ringwake.sip.flow import Flow

R_co = TypeVar("R_co", covariant=True)


class Op(Generic[R_co]):
    """An operation whose result has the type `R_co`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The operation could not be made durable; the store is as if it had never been."""

    reason: str


# ---- registrations


class PushTerms(NamedTuple):
    """How a phone is bound whose push target came over HTTP."""

    expires: float
    """Seconds."""
    refresh_at: float | None
    """If it takes silent pushes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactUpdate:
    """One Contact of a REGISTER, judged and priced by `registrar.rules`."""

    new_id: str
    """Id of the binding if it turns out to be new."""
    is_named: bool = False
    """Whether that id is the Contact's name, the same each time: then the binding has it in any case."""
    uri: str
    params: str = ""
    instance: str = ""
    reg_id: int = 0
    expires: float
    """Seconds; 0 removes the binding."""
    push: PushTarget | None = None
    is_query: bool = False
    """Names a push service without a token (RFC 8599 4.1.4): keeps the push data of the binding it matches."""
    refresh_at: float | None = None
    uploaded: PushTerms | None = None
    """For a Contact that says nothing of push, should there be an `Upload` for it."""
    woken: tuple[Wake, ...] = ()
    """Pushes to its tokens that are not known to have been counted."""


class SharedToken(NamedTuple):
    """Another phone has the token that a phone has just claimed, under another account."""

    binding: str
    """Id of the binding that claims it."""
    accounts: int
    """How many have the token now."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a REGISTER found and left."""

    bindings: tuple[Binding, ...]
    """All that are current at the AOR now."""
    touched: tuple[Binding, ...] = ()
    """Those of this REGISTER that are current now, in the order of its Contacts."""
    calls: tuple[CallRecord, ...] = ()
    """Parked calls of the AOR; the phones of the touched bindings already stand in their `invited`."""
    messages: tuple[StoredMessage, ...] = ()
    """Messages that wait for the phone of a touched binding, oldest first."""
    shared: tuple[SharedToken, ...] = ()
    """Tokens that were new to the account, and that are another phone's too."""
    challenged: tuple[Challenged, ...] = ()
    """Those of the touched bindings that have no push for now."""


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """A lower or equal CSeq under the same Call-ID: nothing was changed (RFC 3261 section 10.3 step 7)."""


@dataclass(frozen=True, slots=True)
class TooManyAccounts:
    """A token is bound under as many accounts as may be: nothing was changed."""


@dataclass(frozen=True, slots=True)
class StrangeToken:
    """A token is another phone's, under another account, and the tenant does not take that: nothing was changed."""


@dataclass(frozen=True, slots=True)
class Overreach:
    """It would do more than refresh the one binding that it may: nothing was changed."""


RegisterRefusal: TypeAlias = OutOfOrder | TooManyAccounts | StrangeToken | Overreach


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Op[Registered | RegisterRefusal]):
    """Apply a REGISTER; without contacts and `remove_all` it only reads."""

    aor: Aor
    call_id: str
    cseq: int
    flow: Flow
    contacts: tuple[ContactUpdate, ...] = ()
    remove_all: bool = False
    """`Contact: *` with `Expires: 0`."""
    only: str = ""
    """Id of the one binding that it may refresh, with the tokens that this has; empty: it may do what it says."""
    claims: TokenClaims = TokenClaims.ALLOW
    proof: TokenProof | None = None
    user_agent: str = ""
    path: tuple[str, ...] = ()
    """Path values (RFC 3327), topmost first."""
    wall: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSubscription(Op[bool]):
    """Keep a browser's keys for the endpoint token with this digest; True when a binding has that endpoint now."""

    aor: Aor
    digest: str
    keys: SubscriptionKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeDue(Op[tuple[Binding, ...]]):
    """Take bindings whose silent push is due, at most `limit`; each is put off by `lease` seconds meanwhile."""

    wall: float
    limit: int
    lease: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed(Op[None]):
    """A silent push of a binding was sent or given up: note the try and when the next one is due, if ever."""

    aor: Aor
    binding: str
    registered_at: float
    """The registration that was pushed for; a later REGISTER has set its own time and stands."""
    tries: int
    refresh_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBindings(Op[tuple[Binding, ...]]):
    """Read the current bindings of one AOR, or of all."""

    aor: Aor | None
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(Op[int]):
    """Drop what has expired by `wall`, at most `limit`; returns how many."""

    wall: float
    limit: int


# ---- calls


@dataclass(frozen=True, slots=True)
class Parked:
    """The callee's current bindings at the moment the call was parked."""

    bindings: tuple[Binding, ...]
    unread: int = 0
    """Missed calls and unread messages of the account, without this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Park(Op[Parked]):
    """Keep a call; a REGISTER of its AOR returns it from now on until `Finish`."""

    call: CallRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite(Op[bool]):
    """Note that these phones are sent the INVITE; False when the call is over."""

    call: str
    bindings: tuple[str, ...]
    """One of each phone: `Binding.phone`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(Op[bool]):
    """Note that a phone has refused a call that goes on; False when it is over."""

    call: str
    phone: str
    """`Binding.phone`."""
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelCall(Op[bool]):
    """Note that the caller has cancelled; no REGISTER returns the call any more. False when it had ended already."""

    call: str


@dataclass(frozen=True, slots=True)
class Finished:
    """What the end of a call has left."""

    was_open: bool
    """False when it had ended already."""
    unread: int = 0
    """Missed calls and unread messages of the account now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish(Op[Finished]):
    """End a parked call, and keep what became of it."""

    call: str
    end: CallEnd
    entry: Entry | None = None
    """None: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What an earlier life of the process left open."""

    calls: tuple[tuple[CallRecord, tuple[Binding, ...]], ...] = ()
    """Each with the current bindings of its AOR."""
    messages: tuple[tuple[StoredMessage, tuple[Binding, ...]], ...] = ()
    """Each with the current bindings that are still to have it; oldest first, and none that only waits for somebody
    to register."""
    unread: tuple[tuple[Aor, int], ...] = ()
    """Missed calls and unread messages of each account that has any of them under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover(Op[Recovered]):
    """Read the open calls and the messages that phones wait for, once, at start."""

    wall: float
