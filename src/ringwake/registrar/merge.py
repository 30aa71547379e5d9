"""What a REGISTER does to the bindings of its address of record (RFC 3261 section 10.3 steps 6 and 7).

Every store calls this inside its atomic step, so that two racing REGISTERs never see the same old state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.store_ops import (
    ContactUpdate,
    OutOfOrder,
    Overreach,
    Register,
    RegisterRefusal,
    SharedToken,
    StrangeToken,
    TooManyAccounts,
)
from ringwake.model.token_claims import Challenged, TokenClaims
from ringwake.model.wakes import Wakes
from ringwake.registrar.token_claim import TokenClaim, has_same_tokens, shares_token
from ringwake.sip.errors import ParseError
from ringwake.sip.uri import parse_uri

MAX_BINDINGS = 10
"""Bindings of one AOR. A further phone takes the place of the one that registered longest ago, since an app that was
reinstalled leaves a binding behind that nobody will remove for weeks."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The bindings after a REGISTER."""

    bindings: tuple[Binding, ...]
    touched: tuple[Binding, ...]
    """Those of this REGISTER, in the order of its Contacts, without the removed ones."""
    removed: tuple[Binding, ...]
    peers: tuple[Binding, ...] = ()
    """Bindings of other accounts that have learned how often their phone was woken."""
    shared: tuple[SharedToken, ...] = ()
    """What `Registered` tells of tokens that are another phone's too."""
    challenged: tuple[Challenged, ...] = ()
    """See `Registered`."""


def merge(current: Iterable[Binding], op: Register, peers: Iterable[Binding] = ()) -> Merged | RegisterRefusal:
    """Apply a REGISTER to the current bindings of its AOR: all of it, or nothing.

    Args:
        current: the bindings of the AOR.
        op: the REGISTER.
        peers: those bindings of other AORs that have one of its tokens; others among them do no harm.
    """
    before = {binding.id: binding for binding in current if binding.expires_at > op.wall}
    if op.only and not _is_refresh(op, before.values()):
        return Overreach()
    if op.remove_all:
        if any(_is_stale(binding, op) for binding in before.values()):
            return OutOfOrder()
        return Merged((), (), tuple(before.values()))
    state = _State(op, before, peers)
    for contact in op.contacts:
        refusal = state.apply(contact)
        if refusal is not None:
            return refusal
    return state.merged()


class _State:
    """The bindings between two Contacts of a REGISTER."""

    def __init__(self, op: Register, before: dict[str, Binding], peers: Iterable[Binding]) -> None:
        self._op = op
        self._before = before
        self._kept = dict(before)
        self._peers = {(peer.aor, peer.id): peer for peer in peers if peer.expires_at > op.wall}
        self._told: dict[tuple[Aor, str], Binding] = {}
        self._touched: list[str] = []
        self._shared: dict[str, SharedToken] = {}
        self._challenged: dict[str, Challenged] = {}

    def apply(self, contact: ContactUpdate) -> RegisterRefusal | None:
        """Apply one Contact; what is returned refuses the whole REGISTER."""
        op, kept = self._op, self._kept
        matches = [binding for binding in kept.values() if is_same(binding, contact)]
        if any(_is_stale(binding, op) and binding.id not in self._touched for binding in matches):
            return OutOfOrder()
        claim = TokenClaim.of(op.aor, contact, (*kept.values(), *self._peers.values()))
        for binding in matches:
            del kept[binding.id]
        if contact.expires <= 0:
            return None
        if claim.is_one_too_many:
            return TooManyAccounts()
        granted = self._judged(claim, matches)
        if granted is None:
            return StrangeToken()
        bound = _bind(op, granted.contact, matches, kept.values(), wakes=granted.wakes(matches))
        kept[bound.id] = bound
        if bound.id not in self._touched:
            self._touched.append(bound.id)
        if granted is not claim and contact.push is not None:
            self._challenged[bound.id] = Challenged(bound.id, contact.push)
        elif claim.is_strange:
            self._shared[bound.id] = SharedToken(bound.id, claim.accounts)
        self._tell(bound, granted)
        return None

    def merged(self) -> Merged:
        """Return what has become of the bindings."""
        kept, touched = self._kept, self._touched
        for surplus in sorted(kept.values(), key=lambda b: (b.id in touched, b.registered_at))[:-MAX_BINDINGS]:
            del kept[surplus.id]
        return Merged(
            bindings=tuple(kept.values()),
            touched=tuple(kept[known] for known in touched if known in kept),
            removed=tuple(binding for binding in self._before.values() if binding.id not in kept),
            peers=tuple(self._told.values()),
            shared=tuple(shared for known, shared in self._shared.items() if known in kept),
            challenged=tuple(each for known, each in self._challenged.items() if known in kept),
        )

    def _judged(self, claim: TokenClaim, matches: list[Binding]) -> TokenClaim | None:
        """Return what is granted of a claim now; None when it is refused."""
        op = self._op
        if op.claims is TokenClaims.ALLOW or not claim.doubted or claim.is_proved_by(op.proof, matches):
            return claim
        if op.claims is TokenClaims.REJECT or claim.challenge is None:
            return None
        return claim.unproved()

    def _tell(self, bound: Binding, claim: TokenClaim) -> None:
        """Let all bindings with the token know the same of its phone's wakes."""
        for holder in claim.holders:
            if holder.wakes == bound.wakes:
                continue
            told = replace(holder, wakes=bound.wakes)
            if holder.aor != bound.aor:
                self._peers[holder.aor, holder.id] = self._told[holder.aor, holder.id] = told
            elif holder.id in self._kept and holder.id != bound.id:
                self._kept[holder.id] = told


def is_same(binding: Binding, contact: ContactUpdate) -> bool:
    """Tell whether a Contact is about this binding.

    By instance-id and reg-id (RFC 5626 section 6); else by the push token, since a reinstalled app has a new instance
    but the same phone; else by URI comparison. Two flows of one instance are two bindings, whatever they share.
    """
    if contact.instance and binding.instance == contact.instance:
        if binding.reg_id == contact.reg_id:
            return True
        if binding.reg_id and contact.reg_id:
            return False
    if shares_token(binding.push, contact.push):
        return True
    if contact.instance and binding.instance:
        return False
    return binding.uri == contact.uri or _equal(binding.uri, contact.uri)


def _equal(left: str, right: str) -> bool:
    try:
        return parse_uri(left).equals(parse_uri(right))
    except ParseError:
        return False


def _is_refresh(op: Register, current: Iterable[Binding]) -> bool:
    """Tell whether all that a REGISTER does is to refresh the one binding that it may."""
    if op.remove_all or len(op.contacts) != 1:
        return False
    contact = op.contacts[0]
    matches = [binding for binding in current if is_same(binding, contact)]
    is_meant = [binding.id for binding in matches] == [op.only]
    return is_meant and contact.expires > 0 and has_same_tokens(matches[0].push, contact.push)


def _is_stale(binding: Binding, op: Register) -> bool:
    return binding.call_id == op.call_id and op.cseq <= binding.cseq


def _bind(
    op: Register, contact: ContactUpdate, matches: list[Binding], others: Iterable[Binding], *, wakes: Wakes
) -> Binding:
    known = matches[0] if matches else None
    first = known.first if known else _first(contact, others)
    push = contact.push
    if push is None and contact.is_query and known is not None:
        push = known.push
    return Binding(
        id=known.id if known and not contact.is_named else contact.new_id,
        aor=op.aor,
        uri=contact.uri,
        params=contact.params,
        instance=contact.instance,
        reg_id=contact.reg_id,
        call_id=op.call_id,
        cseq=op.cseq,
        flow=op.flow,
        path=op.path,
        first=first,
        push=push,
        user_agent=op.user_agent,
        registered_at=op.wall,
        expires_at=op.wall + contact.expires,
        refresh_at=contact.refresh_at if push else None,
        wakes=wakes,
        dead_token=known.dead_token if known and contact.push is None else None,
    )


def _first(contact: ContactUpdate, others: Iterable[Binding]) -> str:
    """Return what names the phone, when its instance has another flow already."""
    return next((known.phone for known in others if contact.instance and known.instance == contact.instance), "")
