"""One account's registration at its PBX (RFC 3261 section 10.2, RFC 5626 section 4.5), kept for a phone that sleeps.

With a login it answers the PBX's challenges by itself (`vault`); without one it asks, and hands a challenge on to the
phone, whose next REGISTER brings the answer (`contact`). It knows nothing of other accounts: `pacing` says which of
them may send now.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.ports import Ids
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.ua.keep_alive import ALL_FAILED_SECONDS, retry_pause
from ringwake.ua.register_answer import Bound, Challenged, NotBound, Refused, Unavailable, read, refusal
from ringwake.ua.upstream_request import PbxAccount, Registers, asked_for, has_credentials
from ringwake.ua.upstream_status import Clock, Standing, UpstreamStatus
from ringwake.ua.upstream_table import TABLE, State, Trigger

EXPIRES = 3600
"""Seconds that are asked for: a PBX that has lost us in a crash is found out by the next refresh at the latest."""
SLOW_SECONDS = 300.0
"""Base of the pauses after a refusal: asking often gets addresses banned, and changes nothing."""
_MARGIN = 10.0


@dataclass(slots=True)
class _Trouble:
    """Failures in a row, of one kind: a PBX that is back and refuses is asked slowly from its first refusal on."""

    kind: Trigger | None = None
    count: int = 0
    why: str = ""
    """With `{since}` where a time belongs."""
    since: float = 0.0

    def add(self, kind: Trigger, why: str, now: float) -> None:
        if kind is not self.kind:
            self.kind, self.count = kind, 0
        if why != self.why:
            self.why, self.since = why, now
        self.count += 1


class UpstreamRegistration:
    """The binding of one account at its PBX."""

    __slots__ = ("_bound_until", "_granted", "_ids", "_next_at", "_registers", "_trouble", "state")

    def __init__(self, account: PbxAccount, ids: Ids, *, expires: int = EXPIRES) -> None:
        """Begin, unregistered.

        Args:
            account: ours at the PBX.
            ids: for Call-ID, branches, cnonces, and the jitter of pauses.
            expires: seconds to ask for.
        """
        self.state = State.NONE
        self._ids = ids
        self._registers = Registers(account=account, ids=ids, expires=expires)
        self._granted = 0
        self._bound_until: float | None = None
        self._next_at: float | None = None
        self._trouble = _Trouble()

    # ---- what is asked of it

    def ask(self, flow: Flow, *, authorization: str = "") -> Request:
        """Register, or refresh, now. An earlier REGISTER that is still unanswered no longer counts.

        Args:
            flow: to the PBX, for the Via.
            authorization: the phone's answer to the challenge that it was handed, as it wrote it.
        """
        self._fire(Trigger.ASK)
        self._next_at = None
        return self._registers.begin(flow, expires=self._registers.expires, authorization=authorization)

    def leave(self, flow: Flow, *, authorization: str = "") -> Request | None:
        """Un-register; None when the PBX cannot have us.

        With the phone's own answer it is asked all the same: it may have us from an earlier life of the process.
        """
        cannot = self.state is State.NONE or (self.state is State.CHALLENGED and self._bound_until is None)
        cannot = cannot and not authorization
        self._fire(Trigger.LEAVE)
        if cannot:
            self._left(Trigger.GRANTED)
            return None
        self._next_at = None
        return self._registers.begin(flow, expires=0, authorization=authorization)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._next_at

    def handle_timer(self, flow: Flow, now: float) -> Request | None:
        """Register if it is time for it; None when it is not, or when only the phone can."""
        if self._next_at is None or self._next_at > now:
            return None
        self._next_at = None
        return None if self.state is State.CHALLENGED else self.ask(flow)

    # ---- what comes of it

    def answered(self, response: Response, now: float) -> Request | None:
        """Take a final response; return what is to be sent at once, as part of the same try."""
        sent = self._registers.sent
        if sent is None or response.via.branch != sent.via.branch:
            return None
        answer = read(response, contact=self._registers.account.contact, asked=asked_for(sent))
        again = self._registers.again(response, answer)
        if again is not None:
            return again
        self._registers.sent = None
        match answer:
            case _ if self.state is State.LEAVING and response.status < 300:
                self._left(Trigger.GRANTED)
            case Bound(seconds):
                self._bound(seconds, now)
            case NotBound():
                self._bound_until = None
                self._refused("the PBX said OK and did not bind us: its answer does not name our Contact", now)
            case Challenged():
                self._challenged(sent, now)
            case Unavailable(status, retry_after):
                self._unavailable(f"the PBX has answered {status} since {{since}}", now, retry_after=retry_after)
            case Refused(why):
                self._refused(why, now)
            case _:
                self._refused(refusal(response.status).why, now)
        return None

    def failed(self, branch: str, now: float) -> None:
        """Take note that a REGISTER got no answer, or could not be sent."""
        if self.awaits(branch):
            self._registers.sent = None
            self._unavailable("the PBX has not answered since {since}", now)

    def awaits(self, branch: str) -> bool:
        """Tell whether it is this REGISTER whose answer counts."""
        sent = self._registers.sent
        return sent is not None and sent.via.branch == branch

    # ---- how it stands

    @property
    def account(self) -> PbxAccount:
        """The account as it was given: one whose login or Contact is another now needs another registration."""
        return self._registers.account

    @property
    def call_id(self) -> str:
        """Call-ID of its REGISTERs; empty before the first one."""
        return self._registers.call_id

    @property
    def realm(self) -> str:
        """Realm of the challenge that we answered last; empty while there was none."""
        return self._registers.realm

    def is_bound(self, now: float) -> bool:
        """Tell whether the PBX has our Contact, as far as it has told us."""
        return self._bound_until is not None and now < self._bound_until

    @property
    def is_renewable(self) -> bool:
        """Whether to register anew as soon as a PBX that was gone is back: not where the account is the trouble."""
        if self.state is State.FAILED:
            return self._trouble.kind is Trigger.UNAVAILABLE
        return self.state in (State.REGISTERING, State.REGISTERED, State.REFRESHING)

    def status(self, now: float, clock: Clock) -> UpstreamStatus:
        """Say how the account stands at its PBX."""
        trouble = self._trouble
        standing = Standing(self.state, self._bound_until, trouble.why, trouble.since)
        return UpstreamStatus(
            state=self.state,
            sentence=standing.sentence(now, clock),
            is_bound=self.is_bound(now),
            expires=self._granted,
            bound_until=self._bound_until,
            next_at=None if self.state is State.CHALLENGED else self._next_at,
        )

    # ---- inside

    def _fire(self, trigger: Trigger) -> None:
        self.state = TABLE.get((self.state, trigger), self.state)

    def _bound(self, seconds: int, now: float) -> None:
        self._fire(Trigger.GRANTED)
        self._trouble = _Trouble()
        self._granted, self._bound_until = seconds, now + seconds
        # Granted more than it was asked for, a PBX is refreshed as if it had granted that.
        self._next_at = now + refresh_after(min(seconds, self._registers.expires), self._chance())

    def _challenged(self, sent: Request, now: float) -> None:
        if self._registers.account.login is None:
            self._fire(Trigger.CHALLENGED)
            self._trouble = _Trouble()
            # The timer tells when the binding is gone; there is nothing else to wait for.
            self._next_at = self._bound_until if self.is_bound(now) else None
        elif self._registers.is_loop:
            self._refused("the PBX challenges again and again, whatever we answer", now)
        elif has_credentials(sent):
            self._refused("the PBX refuses the password", now)
        else:
            self._refused("the PBX asks for credentials of a kind or a realm that we have not", now)

    def _refused(self, why: str, now: float) -> None:
        self._fail(Trigger.REFUSED, why, now)
        self._plan(SLOW_SECONDS, now)

    def _unavailable(self, why: str, now: float, *, retry_after: int = 0) -> None:
        self._fail(Trigger.UNAVAILABLE, why, now)
        self._plan(ALL_FAILED_SECONDS, now, least=retry_after)

    def _fail(self, kind: Trigger, why: str, now: float) -> None:
        if self.state is State.LEAVING:
            self._left(kind)
        else:
            self._trouble.add(kind, why, now)
            self._fire(kind)

    def _plan(self, base: float, now: float, *, least: int = 0) -> None:
        if self.state is State.FAILED:
            self._next_at = now + max(retry_pause(self._trouble.count, base=base, chance=self._chance()), least)

    def _left(self, trigger: Trigger) -> None:
        self._fire(trigger)
        self._granted, self._bound_until, self._next_at = 0, None, None
        self._trouble = _Trouble()

    def _chance(self) -> float:
        return int(self._ids.hex(4), 16) / 0xFFFF


def refresh_after(grant: int, chance: float) -> float:
    """Return seconds from a 2xx to the refresh: at 50 to 90 percent of the grant, so that accounts fall out of step.

    Never later than ten seconds before the end, where the grant allows that: a PBX may grant a minute.

    Args:
        grant: seconds.
        chance: from 0 to 1.
    """
    earliest = grant / 2
    latest = max(earliest, min(0.9 * grant, grant - _MARGIN))
    return earliest + chance * (latest - earliest)
