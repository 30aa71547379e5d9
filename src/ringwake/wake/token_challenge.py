"""Whether a phone has a token that it claims: a ticket is pushed to the token, and its REGISTER brings it back.

The ticket proves the token and nothing else: who registers is still asked for credentials, since the push may reach
the phone of somebody else. That phone is woken for nothing, so there are few such pushes (docs/adr/0029-token-life.md).
"""

from __future__ import annotations

from ringwake.model.binding import Binding
from ringwake.model.ports import Seal
from ringwake.model.push import Alert, Kind, Notice, Push, PushTarget, Service
from ringwake.model.token_claims import TokenProof
from ringwake.registrar.ticket import LONGEST, Flaw, Tickets
from ringwake.secret import Token
from ringwake.wake.allowance import Allowance
from ringwake.wake.announcement import ATTEMPT_SECONDS, account_hash

A_MINUTE, AN_HOUR = 2, 6
"""Challenges of one token, whoever claims it."""
TEXT = "Confirming that this is your phone"
"""What a browser shows, which gets no silent push."""


class Challenges:
    """Writes challenges and takes them back. They outlive the process: one that is brought twice does no harm."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._tickets = Tickets(seal, "", purpose="claim")
        self._minute = Allowance(most=A_MINUTE, seconds=60.0)
        self._hour = Allowance(most=AN_HOUR, seconds=3600.0)

    def push(
        self, binding: Binding, target: PushTarget, vehicle: tuple[Service, Token], *, now: float, wall: float
    ) -> Push | None:
        """Build the push to a token that a binding claims; None when the token had enough of them.

        Args:
            binding: was made without push.
            target: what it claims.
            vehicle: the token that is to prove it.
            now: monotonic seconds.
            wall: epoch seconds.
        """
        service, token = vehicle
        if max(allowance.free_at(token.digest, now) for allowance in (self._minute, self._hour)) > now:
            return None
        for allowance in (self._minute, self._hour):
            allowance.use(token.digest, now)
        push_id = self._seal.digest("push", f"claim\0{binding.id}\0{token.digest}\0{wall}".encode())
        until = wall + LONGEST
        is_shown = target.vehicle(Kind.WAKE) is None
        notice = Notice(
            kind=Kind.WAKE,
            id=push_id,
            account=account_hash(binding.aor),
            deadline_ms=int(LONGEST * 1000),
            alert=Alert(title=binding.aor, body=TEXT) if is_shown else None,
            ticket=self._tickets.issue(push_id, token, binding, wall=wall, until=until),
        )
        return Push(
            notice=notice, target=target, service=service, token=token, expires_at=until, timeout=ATTEMPT_SECONDS
        )

    def give_back(self, push: Push, at: float) -> None:
        """Take note that the push which was built at that time was not sent: the token has not had it."""
        for allowance in (self._minute, self._hour):
            allowance.give_back(push.token.digest, at)

    def read(self, text: str, *, wall: float) -> TokenProof | Flaw:
        """Return what a ticket proves, or why nothing; `FORGED` also when it is a ticket of another purpose."""
        ticket = self._tickets.read(text, wall=wall)
        return ticket if isinstance(ticket, Flaw) else TokenProof(ticket.binding, ticket.token, ticket.id)

    def spend(self, proof: TokenProof, *, wall: float) -> None:
        """Take a proof: it is good no more."""
        self._tickets.spend(proof.ticket, until=wall + LONGEST)

    def sweep(self, now: float, *, wall: float) -> None:
        """Forget what no longer counts."""
        self._minute.sweep(now)
        self._hour.sweep(now)
        self._tickets.sweep(wall)

    def __len__(self) -> int:
        return len(self._minute) + len(self._hour) + len(self._tickets)
