"""Claims about forking: one final response, the best of all, and nobody rings after it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.proxy.fork import Fork, abandoned, branch, cancelled, flow, forwarded, response, said
from tests.support.sip_messages import received_response

from ringwake.model.effects import NOTHING, Effects, QuietBranch
from ringwake.proxy.branch import BranchState
from ringwake.proxy.forking import DECLINED, ELSEWHERE
from ringwake.proxy.lack import Lack
from ringwake.sip.flow import Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import Failure

PENDING, LIVE, DONE = BranchState.PENDING, BranchState.LIVE, BranchState.DONE


def states(fork: Fork) -> dict[str, BranchState]:
    return {known.device: known.state for known in fork.context.branches}


# ---- how many at a time (RFC 5393 section 5.3)


def breadths(fork: Fork) -> dict[str, str | None]:
    return {device: sent.headers.get("max-breadth") for device, sent in fork.sent.items()}


def test_branches_share_the_breadth_and_none_takes_it_all() -> None:
    fork = Fork()
    fork.all_begin(*"abcdefghij")
    assert breadths(fork) == dict.fromkeys("abcdefghij", "6")


@pytest.mark.parametrize(("came", "sent"), [("60", "6"), ("1000", "6"), ("25", "2"), ("9", "1"), ("1", "1")])
def test_a_branch_takes_its_part_of_what_came(came: str, sent: str) -> None:
    fork = Fork(fields=(f"Max-Breadth: {came}",))
    fork.begin("a")
    assert fork.sent["a"].headers.values("max-breadth") == [sent]


def test_what_is_beyond_the_breadth_does_not_begin_and_may_when_another_has_ended() -> None:
    fork = Fork(fields=("Max-Breadth: 2",))
    fork.context.expect("c")
    fork.all_begin("a", "b")
    assert fork.begin("c", flow(3)) == NOTHING
    assert states(fork) == {"c": DONE, "a": LIVE, "b": LIVE}
    fork.answer("a", 486)
    assert forwarded(fork.begin("c", flow(3))) == [flow(3)]
    fork.answer("b", 486)
    assert said(fork.answer("c", 486)) == [486]


def test_a_phone_that_moves_keeps_its_part() -> None:
    fork = Fork(fields=("Max-Breadth: 1",))
    fork.begin("a", flow(1))
    assert forwarded(fork.begin("a", flow(2))) == [flow(2)]
    assert breadths(fork) == {"a": "1"}


def test_without_any_breadth_nobody_is_called() -> None:
    fork = Fork(fields=("Max-Breadth: 0",))
    assert said(fork.begin("a")) == [440]


# ---- what is forwarded at once (16.7 step 5)


@pytest.mark.parametrize(("status", "passed"), [(100, []), (180, [180]), (183, [183]), (199, [199])])
def test_every_provisional_goes_on_at_once_but_100(status: int, passed: list[int]) -> None:
    fork = Fork()
    fork.begin("a")
    assert said(fork.answer("a", status)) == passed
    known = fork.context.branch("a")
    assert known is not None
    assert (known.has_answered, known.is_ringing) == (True, status > 100)


def test_what_goes_on_has_our_via_taken_off_and_nothing_else_changed() -> None:
    fork = Fork()
    fork.begin("a")
    passed = response(fork.answer("a", 180, ("x-other", "kept"), ("require", "100rel")))
    assert passed.headers.values("via") == fork.request.headers.values("via")
    assert passed.headers.get("to") == "<sip:bob@example.com>;tag=a"  # the device's own tag (PX19)
    assert (passed.headers.get("x-other"), passed.headers.get("require")) == ("kept", "100rel")


@pytest.mark.parametrize("status", [183, 200, 302, 485])
def test_a_token_in_a_contact_goes_to_nobody(status: int) -> None:
    fork = Fork()
    fork.begin("a")
    effects = fork.answer("a", status, ("contact", "<sip:a@h;pn-provider=fcm;pn-prid=secret;ob>;q=1"))
    assert response(effects).headers.get("contact") == "<sip:a@h;ob>;q=1"


def test_a_200_ends_the_call_and_the_other_phones_are_told_why() -> None:
    fork = Fork()
    fork.all_begin("a", "b", "c")
    fork.context.expect("asleep")
    fork.answer("b", 180)
    effects = fork.answer("a", 200)
    assert said(effects) == [200]
    assert cancelled(effects) == [(branch("b"), ELSEWHERE), (branch("c"), ELSEWHERE)]
    assert states(fork) == {"a": DONE, "b": LIVE, "c": LIVE, "asleep": DONE}
    assert not fork.context.is_settled
    assert [fork.answer("b", 487), fork.answer("c", 487)] == [NOTHING, NOTHING]
    assert fork.context.is_settled


@pytest.mark.parametrize("second", ["a", "b"])
def test_a_second_200_is_always_forwarded(second: str) -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    fork.answer("a", 200)
    effects = fork.answer(second, 200, tag="another")
    assert said(effects) == [200]
    assert cancelled(effects) == []
    assert said(fork.answer(second, 200, tag="another")) == [200]


@pytest.mark.parametrize("status", [180, 486, 603])
def test_nothing_else_is_said_after_the_200(status: int) -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    fork.answer("a", 200)
    assert said(fork.answer("b", status)) == []
    assert fork.context.final == 200


def test_a_200_that_comes_after_a_failure_was_said_is_late() -> None:
    # The server transaction has left Proceeding: RFC 6026 section 7.1 knows no way for it.
    fork = Fork()
    fork.all_begin("a", "b")
    assert said(fork.context.refuse(480)) == [480]
    assert fork.answer("b", 200) == NOTHING
    assert fork.context.final == 480


def test_another_methods_first_2xx_is_said_and_nobody_is_cancelled() -> None:
    fork = Fork("MESSAGE")
    fork.all_begin("a", "b", "c")
    assert [said(fork.answer(device, 200)) for device in ("a", "b")] == [[200], []]
    assert cancelled(fork.answer("c", 603)) == []
    assert fork.context.is_settled


# ---- the best response (16.7 step 6)

Answer = int | Failure
LATE, BROKEN = Failure.TIMEOUT, Failure.TRANSPORT


@pytest.mark.parametrize(
    ("answers", "best"),
    [
        ([486], 486),
        ([404, 603], 603),
        ([600, 603], 600),
        ([603, 401], 603),
        ([302, 486], 302),
        ([486, 302], 302),
        ([500, 404], 404),
        ([404, 486], 404),
        ([486, 404], 486),
        ([486, 484], 484),
        ([484, 407, 401], 401),
        ([415, 420], 415),
        ([503], 500),
        ([503, 500], 500),
        ([503, 504], 504),
        ([503, 486], 486),
        ([486, 503], 486),
        ([482], 480),
        ([482, 486], 486),
        ([482, 503], 480),
        ([408], 408),
        ([LATE], 480),
        ([BROKEN], 480),
        ([LATE, 486], 486),
        ([BROKEN, 500], 480),
        ([503, BROKEN], 480),
        ([LATE, 404, BROKEN], 404),
        ([487], 487),
    ],
)
def test_the_best_answer_is_the_calls_answer(answers: list[Answer], best: int) -> None:
    fork = Fork()
    devices = [f"d{number}" for number in range(len(answers))]
    fork.all_begin(*devices)
    effects: Effects = NOTHING
    for device, answer in zip(devices, answers, strict=True):
        assert said(effects) == []
        if isinstance(answer, Failure):
            effects = fork.context.failed(branch(device), answer)
        else:
            effects = fork.answer(device, answer)
    assert said(effects) == [best]
    assert (fork.context.final, fork.context.is_settled) == (best, True)


@pytest.mark.parametrize("answer", [408, LATE])
def test_a_408_is_never_said_to_another_method_than_invite(answer: Answer) -> None:
    fork = Fork("OPTIONS", lapse=504)
    fork.begin("a")
    effects = fork.context.failed(branch("a"), answer) if isinstance(answer, Failure) else fork.answer("a", answer)
    assert said(effects) == [504]  # RFC 4320 section 4.2


def test_inside_a_dialog_silence_is_not_480() -> None:
    fork = Fork(lapse=408)
    fork.begin("")
    assert said(fork.context.failed(branch(""), BROKEN)) == [408]


def test_an_answer_of_ours_has_our_tag_and_one_of_a_phone_has_its_own() -> None:
    fork = Fork()
    fork.begin("a")
    assert response(fork.answer("a", 503)).headers.get("to") == "<sip:bob@example.com>;tag=us"
    fork = Fork()
    fork.begin("a")
    assert response(fork.answer("a", 486)).headers.get("to") == "<sip:bob@example.com>;tag=a"


def test_a_401_carries_the_challenges_of_all_phones_in_their_order() -> None:
    fork = Fork()
    fork.all_begin("a", "b", "c", "d")
    fork.answer("a", 407, ("proxy-authenticate", 'Digest realm="p1", nonce="1"'))
    fork.answer("b", 486, ("www-authenticate", 'Digest realm="not asked for", nonce="0"'))
    fork.answer("c", 401, ("www-authenticate", 'Digest realm="a, SHA-256"'), ("www-authenticate", 'Digest realm="a"'))
    merged = response(fork.answer("d", 401, ("www-authenticate", 'Digest realm="d"')))
    assert merged.status == 401
    assert merged.headers.texts("www-authenticate") == [
        'Digest realm="a, SHA-256"',
        'Digest realm="a"',
        'Digest realm="d"',
    ]
    assert merged.headers.texts("proxy-authenticate") == ['Digest realm="p1", nonce="1"']


# ---- branches that wait


def test_a_phone_that_sleeps_keeps_the_call_open() -> None:
    fork = Fork()
    fork.begin("a")
    fork.context.expect("asleep")
    fork.context.expect("asleep")
    assert said(fork.answer("a", 486)) == []
    assert said(fork.context.give_up("asleep", 480)) == [486]


def test_a_phone_that_comes_late_joins_the_call() -> None:
    fork = Fork()
    fork.begin("a")
    fork.answer("a", 180)
    assert forwarded(fork.begin("late", flow(9))) == [flow(9)]
    assert said(fork.answer("late", 200)) == [200]


def test_a_phone_that_moved_is_sent_the_same_branch_down_its_new_flow() -> None:
    fork = Fork()
    fork.begin("a", flow(1))
    effects = fork.begin("a", flow(2))
    assert (abandoned(effects), forwarded(effects)) == ([branch("a")], [flow(2)])
    known = fork.context.branch("a")
    assert known is not None
    assert (known.id, known.flow, known.state) == (branch("a"), flow(2), LIVE)


def test_a_phone_whose_flow_broke_is_waited_for_again() -> None:
    fork = Fork()
    fork.begin("a")
    fork.answer("a", 180)
    assert abandoned(fork.context.pause(branch("a"))) == [branch("a")]
    known = fork.context.branch("a")
    assert known is not None
    assert (known.state, known.flow, known.has_answered) == (PENDING, None, False)
    assert said(fork.context.give_up("a", 480)) == [480]


def test_only_what_is_under_way_is_paused() -> None:
    fork = Fork()
    fork.begin("a")
    fork.answer("a", 486)
    assert fork.context.pause(branch("a")) == fork.context.pause("nobody") == NOTHING


@pytest.mark.parametrize("over", [lambda fork: fork.context.cancel(), lambda fork: fork.answer("b", 603)])
def test_nobody_is_waited_for_once_the_call_is_over(over: Callable[[Fork], Effects]) -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    over(fork)
    assert abandoned(fork.context.pause(branch("a"))) == [branch("a")]
    assert states(fork)["a"] is DONE
    fork.context.expect("late")
    assert fork.begin("late") == NOTHING
    assert fork.context.branch("late") is None


# ---- giving up


@pytest.mark.parametrize("device", ["unknown", "done"])
def test_there_is_nothing_to_give_up(device: str) -> None:
    fork = Fork()
    fork.all_begin("done", "other")
    fork.answer("done", 486)
    assert fork.context.give_up(device, 480) == NOTHING


def test_a_phone_that_said_nothing_is_not_waited_for_but_is_cancelled_should_it_speak() -> None:
    fork = Fork()
    fork.begin("a")
    effects = fork.context.give_up("a", 480)
    assert (cancelled(effects), said(effects)) == ([(branch("a"), "")], [480])
    assert [fork.answer("a", 180), fork.answer("a", 487)] == [NOTHING, NOTHING]


def test_a_phone_that_was_given_up_in_its_sleep_may_still_come() -> None:
    fork = Fork()
    fork.begin("a")
    fork.context.expect("late")
    fork.context.give_up("late", 480)
    effects = fork.begin("late", flow(2))
    assert (abandoned(effects), forwarded(effects)) == ([], [flow(2)])
    assert said(fork.answer("a", 486)) == []
    assert said(fork.answer("late", 200)) == [200]


def test_a_phone_that_was_given_up_in_silence_may_still_come_by_another_way() -> None:
    fork = Fork()
    fork.all_begin("a", "late")
    fork.context.give_up("late", 480)
    effects = fork.begin("late", flow(2))
    assert (abandoned(effects), forwarded(effects)) == ([branch("late")], [flow(2)])


def test_a_phone_that_was_given_up_and_speaks_after_all_is_cancelled_and_not_asked_again() -> None:
    fork = Fork()
    fork.all_begin("a", "late")
    fork.context.give_up("late", 480)
    fork.answer("late", 180)
    assert fork.begin("late", flow(2)) == NOTHING


@pytest.mark.parametrize(("last", "final"), [(487, 480), (486, 480), (200, 200), (603, 603), (LATE, 480)])
def test_a_phone_that_rang_too_long_has_the_last_word_if_it_is_one(last: Answer, final: int) -> None:
    fork = Fork()
    fork.begin("a")
    fork.answer("a", 180)
    effects = fork.context.give_up("a", 480)
    assert (cancelled(effects), said(effects)) == ([(branch("a"), "")], [])
    assert fork.context.give_up("a", 480) == NOTHING, "once is enough"
    assert fork.begin("a", flow(2)) == NOTHING, "it does not ring again"
    effects = fork.context.failed(branch("a"), last) if isinstance(last, Failure) else fork.answer("a", last)
    assert said(effects) == [final]


def test_a_phone_that_was_given_up_and_breaks_is_done() -> None:
    fork = Fork()
    fork.begin("a")
    fork.answer("a", 180)
    fork.context.give_up("a", 408)
    effects = fork.context.pause(branch("a"))
    assert (abandoned(effects), said(effects)) == ([branch("a")], [480])


# ---- one word for all


def test_a_603_ends_the_call_on_all_phones_and_is_said_when_they_have_ended() -> None:
    fork = Fork()
    fork.all_begin("a", "b", "c")
    fork.context.expect("asleep")
    effects = fork.answer("b", 603)
    assert cancelled(effects) == [(branch("a"), DECLINED), (branch("c"), DECLINED)]
    assert said(effects) == []
    assert states(fork)["asleep"] is DONE
    assert fork.begin("asleep") == fork.begin("late") == NOTHING
    assert said(fork.answer("a", 487)) == []
    assert said(fork.answer("c", 487)) == [603]


def test_a_200_that_crosses_a_603_is_the_answer() -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    fork.answer("a", 603)
    assert said(fork.answer("b", 200)) == [200]


def test_a_486_is_one_phones_word_only() -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    effects = fork.answer("a", 486)
    assert (cancelled(effects), said(effects)) == ([], [])
    assert fork.begin("a", flow(5)) == NOTHING, "it has said its word"
    assert said(fork.answer("b", 200)) == [200]


# ---- the caller hangs up


def test_a_cancelled_call_is_487_when_its_phones_have_ended() -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    fork.context.expect("asleep")
    effects = fork.context.cancel("SIP;cause=487")
    assert cancelled(effects) == [(branch("a"), "SIP;cause=487"), (branch("b"), "SIP;cause=487")]
    assert said(effects) == []
    assert states(fork)["asleep"] is DONE
    assert said(fork.answer("a", 486)) == []
    assert said(fork.answer("b", 487)) == [487]
    assert fork.context.cancel() == NOTHING


def test_a_call_that_reached_nobody_is_487_at_once() -> None:
    fork = Fork()
    fork.context.expect("asleep")
    assert said(fork.context.cancel()) == [487]
    assert said(Fork().context.cancel()) == [487]


def test_a_200_that_crosses_the_cancel_is_the_answer() -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    fork.context.cancel()
    assert said(fork.answer("a", 200)) == [200]
    assert said(fork.answer("b", 487)) == []


# ---- an answer of ours


def test_a_refusal_is_said_once_and_cancels_who_rings() -> None:
    fork = Fork()
    fork.begin("a")
    fork.context.expect("asleep")
    effects = fork.context.refuse(503, (("retry-after", "5"),))
    assert cancelled(effects) == [(branch("a"), "")]
    refusal = response(effects)
    assert (refusal.status, refusal.headers.get("retry-after")) == (503, "5")
    assert fork.context.refuse(480) == NOTHING
    assert not fork.context.is_settled
    fork.answer("a", 487)
    assert fork.context.is_settled


def test_after_the_end_nothing_begins_and_nothing_is_left_open() -> None:
    fork = Fork()
    fork.context.refuse(480)
    fork.context.expect("asleep")
    assert fork.begin("late") == NOTHING
    assert fork.context.branches == ()
    assert fork.context.is_settled


# ---- events that are about nobody


def test_what_comes_from_an_unknown_or_finished_branch_is_absorbed() -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    fork.answer("a", 486)
    assert fork.answer("a", 404) == NOTHING
    assert fork.context.failed(branch("a"), LATE) == fork.context.failed("nobody", LATE) == NOTHING
    fork.sent["stranger"] = fork.sent["a"]
    assert fork.answer("stranger", 200) == NOTHING


# ---- requests that nobody answers


UDP_PHONE = flow()._replace(transport=Transport.UDP, serial=0, node="")


def test_a_branch_that_nobody_answers_is_sent_no_more_and_may_begin_again() -> None:
    fork = Fork()
    fork.begin("a", UDP_PHONE)
    assert fork.context.quiet("a") == (QuietBranch(branch("a")),)
    effects = fork.begin("a", UDP_PHONE)
    assert (abandoned(effects), forwarded(effects)) == ([branch("a")], [UDP_PHONE]), "in the same branch"
    assert said(fork.answer("a", 180)) == [180]


def test_what_is_answered_sent_once_or_not_at_all_is_not_quieted() -> None:
    fork = Fork()
    fork.context.expect("asleep")
    fork.begin("tls")
    fork.begin("answered", UDP_PHONE)
    fork.answer("answered", 100)
    fork.begin("done", UDP_PHONE)
    fork.context.give_up("done", 480)
    assert [fork.context.quiet(device) for device in ("unknown", "asleep", "tls", "answered", "done")] == [()] * 5


def test_a_flow_is_unheard_until_its_phone_says_anything() -> None:
    fork = Fork()
    fork.context.expect("b")
    assert not fork.context.is_unheard(flow(1))
    fork.begin("a", flow(1))
    assert fork.context.is_unheard(flow(1))
    assert not fork.context.is_unheard(flow(2))
    fork.context.cancel()
    assert fork.context.is_unheard(flow(1)), "it still must not ring"
    fork.answer("a", 487)
    assert not fork.context.is_unheard(flow(1))


# ---- after a crash


def test_a_phone_that_had_refused_is_not_asked_again_and_its_word_counts() -> None:
    fork = Fork()
    fork.context.recall("a", 486)
    assert fork.begin("a") == NOTHING
    fork.context.expect("b")
    assert fork.context.settle() == NOTHING, "another may still answer"
    assert said(fork.context.give_up("b", 480)) == [486]


def test_whose_own_word_has_come_before_keeps_it() -> None:
    fork = Fork()
    fork.all_begin("a", "b")
    fork.answer("a", 404)
    fork.context.recall("a", 486)
    branch_a = fork.context.branch("a")
    assert branch_a is not None
    assert isinstance(branch_a.result, Response)


@pytest.mark.parametrize(("refusals", "final"), [([], 480), ([486], 486), ([404, 401], 401)])
def test_a_call_that_nobody_is_left_for_gets_its_best_answer(refusals: list[int], final: int) -> None:
    fork = Fork()
    for number, status in enumerate(refusals):
        fork.context.recall(str(number), status)
    assert said(fork.context.settle()) == [final]


# ---- silence


def silent(fork: Fork) -> bool:
    return fork.context.is_silent


def test_silence_is_that_nobody_is_left_and_nobody_has_said_a_word() -> None:
    fork = Fork()
    fork.context.holds = frozenset({Lack.SILENCE})
    assert silent(fork), "nobody was ever there"
    fork.context.expect("a")
    assert not silent(fork)
    assert said(fork.context.give_up("a", 480)) == []
    assert silent(fork)
    fork.begin("a")
    assert not silent(fork), "it has come after all"
    assert said(fork.context.failed(branch("a"), Failure.TIMEOUT)) == []
    assert silent(fork)


@pytest.mark.parametrize("status", [480, 486, 503])
def test_a_phone_that_has_refused_is_not_silent(status: int) -> None:
    fork = Fork()
    fork.context.holds = frozenset({Lack.SILENCE})
    fork.begin("a")
    assert len(said(fork.answer("a", status))) == 1
    assert not silent(fork)


def test_a_phone_that_rang_is_not_silent() -> None:
    fork = Fork()
    fork.context.holds = frozenset({Lack.SILENCE})
    fork.begin("a")
    fork.answer("a", 180)
    fork.context.give_up("a", 480)
    assert said(fork.answer("a", 487)) == [480]
    assert not silent(fork)


def test_who_has_hung_up_hears_no_silence() -> None:
    fork = Fork()
    fork.context.holds = frozenset({Lack.SILENCE})
    fork.context.expect("a")
    assert said(fork.context.cancel()) == [487]
    assert not silent(fork)


def test_a_context_that_is_handed_on_says_nothing_any_more() -> None:
    fork = Fork()
    fork.context.holds = frozenset({Lack.SILENCE})
    fork.begin("a")
    fork.context.give_up("a", 480)
    fork.context.hand_on()
    assert (fork.context.is_open, fork.context.is_settled) == (False, True)
    assert fork.begin("b") == NOTHING
    assert fork.context.refuse(480) == NOTHING
    assert fork.answer("a", 200) == NOTHING


def test_what_is_held_is_said_later_and_once() -> None:
    fork = Fork()
    fork.context.holds = frozenset(Lack)
    fork.begin("a")
    assert said(fork.answer("a", 486)) == []
    assert (fork.context.lack, fork.context.final) == (Lack.BUSY, None)
    assert said(fork.context.say()) == [486]
    assert fork.context.say() == NOTHING


def test_a_redirect_is_final_and_remembers_the_phones_word() -> None:
    fork = Fork()
    fork.context.holds = frozenset(Lack)
    fork.begin("a")
    fork.answer("a", 486)
    assert said(fork.context.redirect((("contact", "<sip:b@example.com>"),))) == [302]
    assert (fork.context.word, fork.context.final, fork.context.is_settled) == (486, 302, True)


# ---- once more, with credentials


def with_credentials(fork: Fork, device: str = "a") -> Request:
    """Return the request again, as it goes to whoever has asked for credentials."""
    again = fork.sent[device].copy()
    again.headers.replace_first("via", str(again.via).replace(branch(device), "z9hG4bK-again"))
    return again


def test_a_request_that_is_sent_anew_takes_the_place_of_the_refused_one() -> None:
    fork = Fork()
    fork.begin("a")
    assert forwarded(fork.context.again("a", with_credentials(fork))) == [flow()]
    assert fork.answer("a", 200) == NOTHING, "the old branch is nobody's"
    assert fork.context.final is None
    ok = received_response(reply(with_credentials(fork), 200, to_tag="a").encode())
    assert said(fork.context.response("z9hG4bK-again", ok)) == [200]


def test_a_cancel_reaches_the_request_that_was_sent_anew() -> None:
    fork = Fork()
    fork.begin("a")
    fork.context.again("a", with_credentials(fork))
    assert cancelled(fork.context.cancel()) == [("z9hG4bK-again", "")]


def test_nothing_is_sent_anew_once_the_caller_has_hung_up() -> None:
    fork = Fork()
    fork.begin("a")
    fork.context.cancel()
    assert fork.context.again("a", with_credentials(fork)) == NOTHING
    assert said(fork.answer("a", 407)) == [487], "and the refusal ends the call as any other does"


def test_nothing_is_sent_anew_to_whom_nothing_was_sent() -> None:
    fork = Fork()
    fork.begin("a")
    assert fork.context.again("b", with_credentials(fork)) == NOTHING
    fork.context.expect("b")
    assert fork.context.again("b", with_credentials(fork)) == NOTHING
    fork.answer("a", 486)
    assert fork.context.again("a", with_credentials(fork)) == NOTHING
