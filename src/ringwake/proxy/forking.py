"""The response context (RFC 3261 section 16.7): the branches of one forwarded request, and its one final response.

A branch is `pending` while its phone sleeps: it counts as unanswered, has no client transaction, and goes without a
word when the call ends. So a call that waits for three phones to wake is an ordinary fork, and everything about final
responses is decided here and nowhere else.
"""

from __future__ import annotations

from ringwake.model.effects import NOTHING, AbandonBranch, CancelBranch, Effects, Forward, QuietBranch, Respond
from ringwake.proxy.best_response import OF_THE_PHONE, OURS, all_challenges, rank
from ringwake.proxy.branch import Branch, BranchState, share
from ringwake.proxy.lack import Lack, lack_of
from ringwake.proxy.routing import upstream
from ringwake.sip.fields import max_breadth
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import INVITE
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import Failure
from ringwake.sip.transactions.servers import ServerTransaction

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""Reason (RFC 3326) in the CANCEL to the phones that lost: no missed call."""
DECLINE = 603
DECLINED = 'SIP;cause=603;text="Decline"'
MOVED = 302
TIMER_C = 181.0
"""Seconds an INVITE may ring without a new provisional response (section 16.6 step 11: more than three minutes)."""
_SILENCE = (*OURS, 480)


class ResponseContext:
    """All branches of one request, and who may say its final response."""

    def __init__(self, transaction: ServerTransaction, request: Request, *, to_tag: str, lapse: int = 480) -> None:
        self.request = request
        """As received, our own Routes taken off."""
        self.lapse = lapse
        """What to say when no phone says anything: 480 to a new call; inside a dialog, 480 would end it (RFC 5057)."""
        self.holds: frozenset[Lack] = frozenset()
        """What is left to whoever waits for phones, who calls `say`, `refuse`, `redirect` or `hand_on` then."""
        self.final: int | None = None
        """Status of the final response once it was sent."""
        self.word: int | None = None
        """Status that the phones stand for, once the call has gone on: what its caller hears comes from elsewhere."""
        self.transaction = transaction
        """The request's server transaction."""
        self._to_tag = to_tag
        self._breadth = max_breadth(request.headers)
        self._branches: dict[str, Branch] = {}
        self._is_cancelled = False
        self._is_refused = False
        """Whether a 6xx came: nothing more is tried (section 16.7 step 5)."""

    # ---- the three words of whoever waits for phones

    def expect(self, device: str) -> None:
        """Count on a device whose phone is being woken."""
        if self.is_open:
            self._branches.setdefault(device, Branch(device))

    def recall(self, device: str, status: int) -> None:
        """Take note that a device has refused before, or its owner by another way: it is not asked again."""
        branch = self._branches.setdefault(device, Branch(device, has_answered=True))
        if branch.may_begin and branch.state is not BranchState.LIVE:
            branch.state, branch.result, branch.verdict = BranchState.DONE, status, status

    def begin(self, device: str, request: Request, flow: Flow) -> Effects:
        """Send the forwarded request to a device: the first time, or again when its flow is another now.

        The request carries the branch in its top Via. Nothing happens once the call is decided, or the device has
        said its word.
        """
        branch = self._branches.get(device) or Branch(device)
        if not self.is_open or not branch.may_begin:
            return NOTHING
        self._branches[device] = branch
        branch.breadth = share(branch, self.branches, self._breadth)
        if not branch.breadth:
            return self._end(branch, 440)
        request.headers.set("max-breadth", str(branch.breadth))
        is_moved = branch.id and branch.state is not BranchState.PENDING
        gone = (AbandonBranch(branch.id, self.request.method),) if is_moved else NOTHING
        branch.state, branch.id, branch.flow, branch.result = BranchState.LIVE, request.via.branch, flow, None
        branch.has_answered = branch.is_ringing = branch.is_quiet = False
        return (*gone, Forward(request, flow))

    def again(self, device: str, request: Request) -> Effects:
        """Send a request anew to whoever has refused it but for credentials; that refusal is not counted."""
        branch = self._branches.get(device)
        if branch is None or branch.flow is None or branch.state is not BranchState.LIVE or not self.is_open:
            return NOTHING
        branch.id, branch.has_answered = request.via.branch, False
        return (Forward(request, branch.flow),)

    def quiet(self, device: str) -> Effects:
        """Send an INVITE no more that nobody has answered yet. To `begin` again is how it goes on."""
        branch = self._branches.get(device)
        if branch is None or branch.flow is None or branch.state is not BranchState.LIVE or branch.has_answered:
            return NOTHING
        if branch.flow.transport.is_reliable:
            return NOTHING  # it was sent once
        branch.is_quiet = True
        return (QuietBranch(branch.id),)

    def give_up(self, device: str, status: int) -> Effects:
        """Wait for a device no longer; `status` stands for its answer.

        A phone that rings is cancelled and has the last word, since its 2xx may be on its way. One that has said
        nothing at all is not waited for: should it still answer, the CANCEL goes out then (section 9.1).
        """
        branch = self._branches.get(device)
        if branch is None or branch.state is BranchState.DONE or branch.verdict is not None:
            return NOTHING
        if branch.state is BranchState.PENDING:
            return self._end(branch, status)
        if not branch.has_answered:
            return (CancelBranch(branch.id), *self._end(branch, status))
        branch.verdict = status
        return (CancelBranch(branch.id),)

    def settle(self) -> Effects:
        """Say the final response if nobody is left who could answer; 480 when nobody ever was."""
        return self._maybe_final()

    # ---- what comes back

    def response(self, branch_id: str, response: Response) -> Effects:
        """Take a response of a branch."""
        branch = self._find(branch_id)
        if branch is None:
            return NOTHING
        branch.has_answered = True
        if response.status < 200:
            return self._provisional(branch, response)
        if response.status < 300:
            return self._success(branch, response)
        if branch.state is BranchState.DONE:
            return NOTHING
        if response.status >= 600 and self.request.method == INVITE:
            self._is_refused = True
            return (*self._cancel_others(branch, DECLINED), *self._end(branch, response))
        return self._end(branch, response if branch.verdict is None else branch.verdict)

    def failed(self, branch_id: str, failure: Failure) -> Effects:
        """Take note that a branch will say nothing more: a time-out is 408, a transport error 503 (section 16.9)."""
        branch = self._find(branch_id)
        if branch is None or branch.state is BranchState.DONE:
            return NOTHING
        return self._end(branch, branch.verdict or (408 if failure is Failure.TIMEOUT else 503))

    def pause(self, branch_id: str) -> Effects:
        """Put a branch back to pending: its flow is gone, and its phone is to be woken again if it may still ring."""
        branch = self._find(branch_id)
        if branch is None or branch.state is not BranchState.LIVE:
            return NOTHING
        if not self.is_open or branch.verdict is not None:
            return (AbandonBranch(branch.id, self.request.method), *self._end(branch, branch.verdict or 503))
        branch.state, branch.flow, branch.has_answered = BranchState.PENDING, None, False
        return (AbandonBranch(branch.id, self.request.method),)

    def cancel(self, reason: str = "") -> Effects:
        """The caller has cancelled (section 16.10): pending branches go, live ones are cancelled and say the 487."""
        if self.final is not None:
            return NOTHING
        self._is_cancelled = True
        cancels = tuple(CancelBranch(b.id, reason) for b in self._branches.values() if b.state is BranchState.LIVE)
        self._drop_pending(487)
        return (*cancels, *self._maybe_final())

    def refuse(self, status: int, headers: tuple[tuple[str, str], ...] = ()) -> Effects:
        """Say a final response of our own, if none was said, and cancel what is under way: 603 declined it for all."""
        if self.final is not None:
            return NOTHING
        reason = DECLINED if status == DECLINE else ""
        cancels = tuple(CancelBranch(b.id, reason) for b in self._branches.values() if b.state is BranchState.LIVE)
        self.final = status
        self._drop_pending(status)
        answer = reply(self.request, status, to_tag=self._to_tag, headers=headers)
        return (*cancels, Respond(self.transaction, answer))

    def say(self) -> Effects:
        """Say the best of what the phones have said, which was held."""
        if self.final is not None:
            return NOTHING
        best = self._best()
        if isinstance(best, int):
            return self.refuse(self.lapse if best in OURS else best)
        if best.status in OF_THE_PHONE:
            return self.refuse(OF_THE_PHONE[best.status])
        if best.status == 408 and self.request.method != INVITE:
            return self.refuse(self.lapse)  # RFC 4320 section 4.2: no 408 to any other method
        self.final = best.status
        return (Respond(self.transaction, all_challenges(upstream(best), best, self._results())),)

    def redirect(self, headers: tuple[tuple[str, str], ...]) -> Effects:
        """Let the caller call somebody else (section 21.3.3); `headers` say whom."""
        self.word = self._status()
        return self.refuse(MOVED, headers)

    def hand_on(self) -> None:
        """Leave the final response to another context of the same request, which goes on to somebody else."""
        self.word = self.final = self._status()

    # ---- views

    def branch(self, device: str) -> Branch | None:
        """Return a device's branch."""
        return self._branches.get(device)

    @property
    def branches(self) -> tuple[Branch, ...]:
        """All branches, in the order in which they were added."""
        return tuple(self._branches.values())

    @property
    def is_open(self) -> bool:
        """Whether a branch may still begin: nothing final was said, and neither the caller nor a 6xx ended the call."""
        return self.final is None and not self._is_cancelled and not self._is_refused

    @property
    def is_silent(self) -> bool:
        """Whether nobody is left who could answer, and nobody has said a word: no phone rang, none refused."""
        return not self._is_cancelled and all(b.result in _SILENCE and not b.is_ringing for b in self.branches)

    @property
    def lack(self) -> Lack | None:
        """Why nobody has taken the call; None while somebody still could, and when there is no such reason."""
        if self._is_cancelled or any(b.state is not BranchState.DONE for b in self.branches):
            return None
        return Lack.SILENCE if self.is_silent else lack_of(self._best())

    def is_unheard(self, flow: Flow) -> bool:
        """Tell whether something was sent down a flow that its phone has not answered in any way."""
        return any(branch.flow == flow and not branch.has_answered for branch in self._branches.values())

    @property
    def is_settled(self) -> bool:
        """Whether nothing more can come: the final response was sent and every branch is done."""
        return self.final is not None and all(b.state is BranchState.DONE for b in self._branches.values())

    # ---- inside

    def _find(self, branch_id: str) -> Branch | None:
        return next((b for b in self._branches.values() if b.id == branch_id), None)

    def _provisional(self, branch: Branch, response: Response) -> Effects:
        if response.status == 100 or self.final is not None or branch.state is not BranchState.LIVE:
            return NOTHING
        branch.is_ringing = True
        return (Respond(self.transaction, upstream(response)),)

    def _success(self, branch: Branch, response: Response) -> Effects:
        """Forward every 2xx to an INVITE, also a second one (section 16.7 step 5); of others, the first."""
        is_invite = self.request.method == INVITE
        branch.state, branch.result = BranchState.DONE, response
        if self.final is not None and not (is_invite and 200 <= self.final < 300):
            return NOTHING
        cancels = self._cancel_others(branch, ELSEWHERE) if self.final is None and is_invite else NOTHING
        self.final = response.status
        self._drop_pending(480)
        return (Respond(self.transaction, upstream(response)), *cancels)

    def _end(self, branch: Branch, result: Response | int) -> Effects:
        branch.state, branch.result = BranchState.DONE, result
        if self._is_refused:
            self._drop_pending(480)
        return self._maybe_final()

    def _cancel_others(self, winner: Branch, reason: str) -> Effects:
        others = (b for b in self._branches.values() if b is not winner and b.state is BranchState.LIVE)
        return tuple(CancelBranch(b.id, reason) for b in others)

    def _drop_pending(self, status: int) -> None:
        for branch in self._branches.values():
            if branch.state is BranchState.PENDING:
                branch.state, branch.result = BranchState.DONE, status

    def _maybe_final(self) -> Effects:
        if self.final is not None or any(b.state is not BranchState.DONE for b in self._branches.values()):
            return NOTHING
        return NOTHING if self.lack is not None and self.lack in self.holds else self.say()

    def _best(self) -> Response | int:
        """Choose the best final response (section 16.7 step 6)."""
        if self._is_cancelled:
            return 487
        return min(self._results(), key=rank, default=480)

    def _results(self) -> list[Response | int]:
        return [b.result for b in self._branches.values() if b.result is not None]

    def _status(self) -> int:
        best = self._best()
        status = best if isinstance(best, int) else best.status
        return self.lapse if status in OURS else status
