"""Claims about the registration of one account at its PBX."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ids import SeededIds
from tests.support.sip_messages import TCP, UDP, received_response

from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1, parse_credentials
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply
from ringwake.ua.identity import Identity
from ringwake.ua.upstream import EXPIRES, SLOW_SECONDS, UpstreamRegistration, refresh_after
from ringwake.ua.upstream_request import PbxAccount
from ringwake.ua.upstream_status import UpstreamStatus
from ringwake.ua.upstream_table import State

CONTACT = "sip:rw-7f3a@192.0.2.1:5060;transport=tcp"
LOGIN = Identity(user="1001", domain="pbx.example.com", password=Secret("sesame"))
CHALLENGE = 'Digest realm="pbx", nonce="{}", algorithm=MD5, qop="auth"'


def registration(*, login: Identity | None = LOGIN, realm: str = "", expires: int = EXPIRES) -> UpstreamRegistration:
    account = PbxAccount(
        aor="sip:1001@pbx.example.com",
        registrar="sip:pbx.example.com",
        contact=CONTACT,
        login=login,
        realm=realm,
    )
    return UpstreamRegistration(account, SeededIds(Random(1)), expires=expires)


def answer(sent: Request | None, status: int, *fields: tuple[str, str]) -> Response:
    assert sent is not None
    return received_response(reply(sent, status, to_tag="p", headers=list(fields)).encode())


def granted(sent: Request | None, seconds: int = 3600) -> Response:
    return answer(sent, 200, ("contact", f"<{CONTACT}>;expires={seconds}"))


def challenged(sent: Request | None, nonce: str = "n1", *, more: str = "", status: int = 401) -> Response:
    key = "www-authenticate" if status == 401 else "proxy-authenticate"
    return answer(sent, status, (key, CHALLENGE.format(nonce) + more))


def bound(seconds: int = 3600, *, login: Identity | None = LOGIN, now: float = 0.0) -> UpstreamRegistration:
    made = registration(login=login)
    assert made.answered(granted(made.ask(TCP), seconds), now) is None
    return made


def clock(at: float) -> str:
    return f"{12 + int(at // 3600)}:{int(at // 60) % 60:02}"


def status_of(made: UpstreamRegistration, now: float = 0.0) -> UpstreamStatus:
    return made.status(now, clock)


def says(made: UpstreamRegistration, now: float = 0.0) -> str:
    return status_of(made, now).sentence


def due(made: UpstreamRegistration) -> float:
    at = made.get_timer()
    assert at is not None
    return at


# ---- what is sent


def test_it_registers_a_contact_of_our_own_for_the_account() -> None:
    made = registration()
    sent = made.ask(TCP)
    assert sent.start_line() == "REGISTER sip:pbx.example.com SIP/2.0"
    assert sent.headers.texts("contact") == [f"<{CONTACT}>"]
    assert sent.headers.get("to") == "<sip:1001@pbx.example.com>"
    assert (sent.headers.get("from") or "").startswith("<sip:1001@pbx.example.com>;tag=")
    assert (sent.headers.get("expires"), sent.headers.get("supported")) == ("3600", "path")
    assert (sent.via.transport, "rport" in sent.via.params) == ("TCP", True)
    assert made.state is State.REGISTERING
    assert made.call_id == sent.call_id
    assert made.awaits(sent.via.branch)
    sent.encode()


def test_all_its_registers_have_one_call_id_and_rising_sequence_numbers() -> None:
    made = registration()
    first = made.ask(UDP)
    second = made.answered(challenged(first), 0.0)
    assert second is not None
    made.answered(granted(second), 0.0)
    third = made.ask(UDP)
    fourth = made.leave(UDP)
    assert fourth is not None
    sent = [first, second, third, fourth]
    assert [each.cseq.number for each in sent] == [1, 2, 3, 4]
    assert len({each.call_id for each in sent}) == 1
    assert len({each.via.branch for each in sent}) == 4


# ---- granted


def test_a_2xx_that_names_our_contact_binds_us_until_its_expiry() -> None:
    made = bound(600, now=100.0)
    status = status_of(made, 100.0)
    assert (made.state, status.state, status.is_bound) == (State.REGISTERED, State.REGISTERED, True)
    assert (status.expires, status.bound_until, status.next_at) == (600, 700.0, made.get_timer())
    assert status.sentence == "registered at the PBX"
    assert made.is_bound(699.9)
    assert not made.is_bound(700.0)


def test_it_refreshes_by_itself_before_the_grant_ends_and_only_then() -> None:
    made = bound(60)
    at = due(made)
    assert 30.0 <= at <= 50.0
    assert made.handle_timer(TCP, at - 0.1) is None
    sent = made.handle_timer(TCP, at)
    assert sent is not None
    assert (made.state, made.get_timer()) == (State.REFRESHING, None)
    assert says(made, at) == "registered at the PBX"
    made.answered(granted(sent, 60), at)
    assert made.state is State.REGISTERED
    assert at + 30.0 <= due(made) <= at + 50.0


def test_a_grant_that_is_longer_than_asked_for_does_not_delay_the_refresh() -> None:
    made = registration(expires=600)
    made.answered(granted(made.ask(TCP), 86400), 0.0)
    assert due(made) <= 540.0
    assert made.is_bound(86399.0)


@given(grant=st.integers(1, 10**6), chance=st.floats(0, 1))
def test_a_refresh_comes_at_50_to_90_percent_and_ten_seconds_before_the_end_if_it_can(
    grant: int, chance: float
) -> None:
    after = refresh_after(grant, chance)
    assert grant / 2 <= after <= max(0.9 * grant, grant / 2) + 1e-6
    assert after <= max(grant - 10, grant / 2) + 1e-6


def test_refreshes_of_many_accounts_fall_out_of_step() -> None:
    assert (refresh_after(3600, 0.0), refresh_after(3600, 1.0)) == (1800.0, 3240.0)
    assert (refresh_after(60, 0.0), refresh_after(60, 1.0)) == (30.0, 50.0)
    assert (refresh_after(8, 0.0), refresh_after(8, 1.0)) == (4.0, 4.0)


def test_a_binding_that_nobody_could_refresh_in_time_is_said_to_have_expired() -> None:
    made = bound(60)
    assert (says(made, 60.0), made.is_bound(60.0)) == ("the binding expired at the PBX at 12:01", False)


def test_ok_without_our_contact_is_no_registration() -> None:
    made = bound()
    made.answered(answer(made.ask(TCP), 200, ("contact", "<sip:other@h>;expires=60")), 100.0)
    assert (made.state, made.is_bound(100.0), made.is_renewable) == (State.FAILED, False, False)
    assert says(made, 100.0) == "the PBX said OK and did not bind us: its answer does not name our Contact"
    assert due(made) >= 100.0 + SLOW_SECONDS


# ---- challenged, with a login


@pytest.mark.parametrize(("status", "field"), [(401, "authorization"), (407, "proxy-authorization")])
def test_with_a_login_a_challenge_is_answered_at_once(status: int, field: str) -> None:
    made = registration()
    again = made.answered(challenged(made.ask(TCP), status=status), 0.0)
    assert again is not None
    credentials = parse_credentials(again.headers.texts(field)[0])
    assert credentials is not None
    assert (credentials.username, credentials.uri) == ("1001", "sip:pbx.example.com")
    assert credentials.response == credentials.expected(ha1(Algorithm.MD5, "1001", "pbx", "sesame"), "REGISTER")
    made.answered(granted(again), 0.0)
    assert made.state is State.REGISTERED


def test_a_proxy_and_the_pbx_may_both_challenge() -> None:
    made = registration()
    second = made.answered(challenged(made.ask(TCP), status=407), 0.0)
    third = made.answered(challenged(second), 0.0)
    assert third is not None
    assert "authorization" in third.headers
    assert "proxy-authorization" in third.headers


def test_a_password_that_is_refused_is_tried_again_slowly() -> None:
    made, now = registration(), 0.0
    pauses = []
    for number in range(5):
        sent = made.ask(TCP)
        again = made.answered(challenged(sent, f"a{number}"), now)
        assert made.answered(challenged(again, f"b{number}"), now) is None, "a fresh nonce is no new try"
        assert (made.state, says(made, now)) == (State.FAILED, "the PBX refuses the password")
        assert not made.is_renewable, "that a PBX is back does not mend a password"
        pauses.append(due(made) - now)
        now = due(made)
    assert all(300.0 <= pause <= 1800.0 for pause in pauses)
    assert pauses[1] >= 600.0
    assert pauses[-1] >= 900.0


def test_a_stale_nonce_is_no_wrong_password() -> None:
    made = registration()
    again = made.answered(challenged(made.ask(TCP)), 0.0)
    third = made.answered(challenged(again, "n2", more=", stale=true"), 0.0)
    made.answered(granted(third), 0.0)
    assert made.state is State.REGISTERED


def test_a_pbx_that_challenges_for_ever_is_left_alone() -> None:
    made = registration()
    sent: Request | None = made.ask(TCP)
    rounds = 0
    while sent is not None:
        rounds += 1
        sent = made.answered(challenged(sent, f"n{rounds}", more=", stale=true"), 0.0)
    assert rounds == 6
    assert says(made) == "the PBX challenges again and again, whatever we answer"
    assert due(made) >= SLOW_SECONDS


@pytest.mark.parametrize(
    "challenge", ["Basic realm=x", 'Digest realm="pbx", nonce="n", algorithm=SHA-512-256', CHALLENGE.format("n")]
)
def test_credentials_go_to_their_own_realm_only(challenge: str) -> None:
    made = registration(realm="other")
    assert made.answered(answer(made.ask(TCP), 401, ("www-authenticate", challenge)), 0.0) is None
    assert says(made) == "the PBX asks for credentials of a kind or a realm that we have not"


def test_among_several_challenges_that_of_the_realm_is_answered() -> None:
    made = registration(realm="pbx")
    mine, other = CHALLENGE.format("mine"), CHALLENGE.format("other").replace('"pbx"', '"rogue"')
    fields = [("www-authenticate", each) for each in (other, "Digest broken", mine)]
    again = made.answered(answer(made.ask(TCP), 401, *fields), 0.0)
    assert again is not None
    (text,) = again.headers.texts("authorization")
    assert ('realm="pbx"' in text, 'nonce="mine"' in text) == (True, True)


def test_the_realm_that_it_has_answered_is_known() -> None:
    made = registration()
    sent = made.ask(TCP)
    assert made.realm == ""
    again = made.answered(challenged(sent), 0.0)
    made.answered(granted(again), 0.0)
    made.answered(granted(made.ask(TCP)), 0.0)
    assert made.realm == "pbx", "a PBX that asks now and then has not changed its name"
    assert made.account.contact == CONTACT


# ---- challenged, without one


def test_without_a_login_the_challenge_is_for_the_phone() -> None:
    made = registration(login=None)
    assert made.answered(challenged(made.ask(TCP)), 0.0) is None
    assert (made.state, made.get_timer(), made.is_renewable) == (State.CHALLENGED, None, False)
    assert says(made) == "not registered at the PBX: it asks for a password that only the phone knows"


@pytest.mark.parametrize(("status", "field"), [(401, "authorization"), (407, "proxy-authorization")])
def test_the_phones_answer_is_copied_and_nothing_else(status: int, field: str) -> None:
    made = registration(login=None)
    made.answered(challenged(made.ask(TCP), status=status), 0.0)
    again = made.ask(TCP, authorization='Digest username="1001"')
    assert again.headers.texts(field) == ['Digest username="1001"']
    assert (again.cseq.number, made.state) == (2, State.REGISTERING)
    made.answered(granted(again), 0.0)
    assert made.state is State.REGISTERED
    assert field not in made.ask(TCP).headers, "what a phone once said is not said again"


def test_a_pbx_that_trusts_us_is_refreshed_while_the_phone_sleeps() -> None:
    made = bound(60, login=None)
    sent = made.handle_timer(TCP, due(made))
    made.answered(granted(sent, 60), 40.0)
    assert made.is_bound(99.0)


def test_a_pbx_that_does_not_keeps_us_to_the_end_of_its_grant() -> None:
    made = bound(60, login=None)
    made.answered(challenged(made.handle_timer(TCP, due(made))), 40.0)
    assert (made.state, made.is_bound(59.0), due(made)) == (State.CHALLENGED, True, 60.0)
    assert status_of(made, 50.0).next_at is None
    wants = "it asks for a password that only the phone knows"
    assert says(made, 50.0) == f"registered at the PBX until 12:01, and not longer: {wants}"
    assert made.handle_timer(TCP, 60.0) is None
    assert (made.get_timer(), made.is_bound(60.0)) == (None, False)
    assert says(made, 60.0) == f"the binding expired at the PBX at 12:01: {wants}"


def test_a_challenge_after_the_end_of_the_grant_waits_for_nothing() -> None:
    made = bound(60, login=None)
    made.answered(challenged(made.handle_timer(TCP, due(made))), 61.0)
    assert made.get_timer() is None


# ---- 420, 423, and what is refused


def test_a_pbx_that_knows_no_path_is_asked_once_more_without() -> None:
    made = registration()
    again = made.answered(answer(made.ask(TCP), 420, ("unsupported", "path")), 0.0)
    assert again is not None
    assert ("supported" in again.headers, again.cseq.number) == (False, 2)
    assert made.answered(answer(again, 420, ("unsupported", "gruu")), 0.0) is None
    assert says(made) == "the PBX wants an extension left out that we do not use (420)"
    assert "supported" not in made.ask(TCP).headers, "it has learnt"


def test_a_longer_expiry_is_asked_for_where_the_pbx_wants_one() -> None:
    made = registration(expires=60)
    again = made.answered(answer(made.ask(TCP), 423, ("min-expires", "600")), 0.0)
    assert again is not None
    assert again.headers.get("expires") == "600"
    made.answered(granted(again, 600), 0.0)
    assert made.ask(TCP).headers.get("expires") == "600"


@pytest.mark.parametrize("least", ["60", "59", "86401", "soon"])
def test_an_expiry_that_makes_no_sense_is_not_followed(least: str) -> None:
    made = registration(expires=60)
    assert made.answered(answer(made.ask(TCP), 423, ("min-expires", least)), 0.0) is None
    assert says(made) == "the PBX finds every expiry too short (423)"
    assert due(made) >= SLOW_SECONDS


def test_a_mended_request_does_not_repeat_our_credentials_but_does_the_phones() -> None:
    ours = registration(expires=60)
    second = ours.answered(challenged(ours.ask(TCP)), 0.0)
    third = ours.answered(answer(second, 423, ("min-expires", "600")), 0.0)
    assert third is not None
    assert "authorization" not in third.headers
    phones = registration(login=None, expires=60)
    sent = phones.ask(TCP, authorization="Digest x")
    again = phones.answered(answer(sent, 423, ("min-expires", "600")), 0.0)
    assert again is not None
    assert again.headers.texts("authorization") == ["Digest x"]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (403, "the PBX forbids the registration (403)"),
        (404, "the PBX does not know the account (404)"),
        (302, "the PBX refuses the registration (302)"),
    ],
)
def test_what_will_be_the_same_in_a_minute_is_asked_again_slowly(status: int, sentence: str) -> None:
    made = registration()
    made.answered(answer(made.ask(TCP), status), 50.0)
    assert (made.state, says(made, 50.0), made.is_renewable) == (State.FAILED, sentence, False)
    assert due(made) >= 50.0 + SLOW_SECONDS


def test_a_refused_refresh_says_how_long_the_pbx_keeps_us() -> None:
    made = bound(3600)
    made.answered(answer(made.ask(TCP), 403), 120.0)
    assert made.is_bound(120.0)
    assert says(made, 120.0) == "the PBX forbids the registration (403); the PBX keeps us until 13:00"
    assert says(made, 3600.0) == ("the binding expired at the PBX at 13:00: the PBX forbids the registration (403)")


# ---- a PBX that is gone


def fail(made: UpstreamRegistration, now: float) -> float:
    """Let one try go unanswered; return the pause after it."""
    made.failed(made.ask(TCP).via.branch, now)
    return due(made) - now


def test_no_answer_is_followed_by_the_pauses_of_rfc_5626() -> None:
    made, pauses = registration(), []
    for _ in range(9):
        pauses.append(fail(made, 180.0))
        assert (made.state, made.is_renewable) == (State.FAILED, True)
    for pause, most in zip(pauses, [60, 120, 240, 480, 960, 1800, 1800, 1800, 1800], strict=True):
        assert most / 2 <= pause <= most
    assert says(made, 999.0) == "the PBX has not answered since 12:03"
    assert says(made, 999.0) == says(made, 1999.0)


@pytest.mark.parametrize("status", [408, 480, 500, 503, 504])
def test_a_pbx_that_cannot_is_asked_again_like_one_that_is_gone(status: int) -> None:
    made = registration()
    made.answered(answer(made.ask(TCP), status), 60.0)
    assert (made.is_renewable, says(made, 99.0)) == (True, f"the PBX has answered {status} since 12:01")
    assert 30.0 <= due(made) - 60.0 <= 60.0


def test_retry_after_is_honoured() -> None:
    made = registration()
    made.answered(answer(made.ask(TCP), 503, ("retry-after", "900 (coffee)")), 0.0)
    assert due(made) == 900.0
    made.answered(answer(made.ask(TCP), 503, ("retry-after", "1")), 0.0)
    assert due(made) >= 60.0, "a shorter one does not shorten the pause"


def test_failures_of_one_kind_count_together_and_a_success_ends_the_row() -> None:
    made = registration()
    fail(made, 0.0)
    made.answered(answer(made.ask(TCP), 500), 60.0)
    assert due(made) - 60.0 >= 60.0
    assert says(made, 60.0) == "the PBX has answered 500 since 12:01"
    made.answered(answer(made.ask(TCP), 403), 120.0)
    assert due(made) - 120.0 <= 600.0, "the first refusal"
    made.answered(granted(made.ask(TCP)), 180.0)
    assert says(made, 180.0) == "registered at the PBX"
    assert fail(made, 200.0) <= 60.0


def test_the_binding_outlives_a_failed_refresh() -> None:
    made = bound(600)
    fail(made, 300.0)
    assert made.is_bound(599.0)
    assert says(made, 301.0) == "the PBX has not answered since 12:05; the PBX keeps us until 12:10"


def test_only_the_answer_to_the_last_register_counts() -> None:
    made = registration()
    old, new = made.ask(TCP), made.ask(TCP)
    assert not made.awaits(old.via.branch)
    made.failed(old.via.branch, 0.0)
    assert made.answered(answer(old, 403), 0.0) is None
    assert says(made) == "registering at the PBX"
    made.answered(granted(new), 0.0)
    assert made.answered(answer(new, 403), 0.0) is None
    made.failed(new.via.branch, 0.0)
    assert made.state is State.REGISTERED


# ---- leaving


def test_leaving_asks_for_no_more_and_then_it_is_gone() -> None:
    made = bound()
    sent = made.leave(TCP)
    assert sent is not None
    assert (sent.headers.get("expires"), made.state, says(made)) == ("0", State.LEAVING, "leaving the PBX")
    again = made.answered(challenged(sent), 0.0)
    assert again is not None, "an un-REGISTER is challenged, too"
    assert again.headers.get("expires") == "0"
    made.answered(answer(again, 200), 0.0)
    assert (made.state, made.is_bound(0.0), made.get_timer()) == (State.NONE, False, None)
    assert (says(made), made.is_renewable) == ("not registered at the PBX", False)
    assert made.leave(TCP) is None


@pytest.mark.parametrize("status", [401, 403, 420, 423, 500])
def test_who_leaves_has_left_whatever_the_pbx_says(status: int) -> None:
    made = bound()
    sent = made.leave(TCP)
    while sent is not None:
        sent = made.answered(answer(sent, status, ("www-authenticate", CHALLENGE.format("n")), ("min-expires", "9")), 0)
    assert (made.state, made.get_timer(), made.is_bound(0.0)) == (State.NONE, None, False)


def test_an_unanswered_farewell_is_not_repeated() -> None:
    made = bound()
    sent = made.leave(TCP)
    assert sent is not None
    made.failed(sent.via.branch, 0.0)
    assert (made.state, made.get_timer()) == (State.NONE, None)


def test_a_farewell_without_a_login_is_for_the_phone_to_sign() -> None:
    made = bound(600, login=None)
    made.answered(challenged(made.leave(TCP)), 0.0)
    assert (made.state, made.is_bound(1.0)) == (State.CHALLENGED, True)
    sent = made.leave(TCP, authorization="Digest x")
    assert sent is not None
    assert sent.headers.texts("authorization") == ["Digest x"]
    made.answered(answer(sent, 200), 0.0)
    assert made.state is State.NONE


def test_where_the_pbx_never_bound_us_there_is_nothing_to_leave() -> None:
    made = registration(login=None)
    made.answered(challenged(made.ask(TCP)), 0.0)
    assert made.leave(TCP) is None
    assert made.state is State.NONE


def test_a_phone_takes_back_what_an_earlier_life_of_ours_has_left_at_the_pbx() -> None:
    made = registration(login=None)
    made.answered(challenged(made.ask(TCP)), 0.0)
    sent = made.leave(TCP, authorization="Digest x")
    assert sent is not None
    assert (sent.headers.get("expires"), made.state) == ("0", State.LEAVING)
    made.answered(answer(sent, 200), 0.0)
    assert made.state is State.NONE


def test_who_comes_back_while_leaving_is_registered() -> None:
    made = bound()
    made.leave(TCP)
    made.answered(granted(made.ask(TCP)), 5.0)
    assert (made.state, made.is_bound(6.0)) == (State.REGISTERED, True)


# ---- secrets, and any order of things


def test_a_password_is_not_shown() -> None:
    made = registration()
    made.answered(challenged(made.ask(TCP)), 0.0)
    shown = f"{made!r} {made._registers!r} {status_of(made)!r}"
    assert "sesame" not in shown


@given(st.lists(st.sampled_from(["ask", "leave", "ok", "401", "403", "423", "500", "lost", "wait"]), max_size=30))
def test_whatever_happens_it_waits_for_an_answer_or_a_time_unless_only_the_phone_can_help(events: list[str]) -> None:
    made, now = registration(login=None), 0.0
    sent: Request | None = None
    branches = []
    for event in events:
        now += 1.0
        if event == "ask":
            sent = made.ask(TCP)
        elif event == "leave":
            sent = made.leave(TCP)
        elif event == "wait" and made.get_timer() is not None:
            now = max(now, due(made))
            sent = made.handle_timer(TCP, now)
        elif sent is not None and event == "lost":
            made.failed(sent.via.branch, now)
            sent = None
        elif sent is not None and event == "ok":
            sent = made.answered(granted(sent, 60), now)
        elif sent is not None and event.isdigit():
            sent = made.answered(answer(sent, int(event), ("min-expires", "7200")), now)
        if sent is not None:
            branches.append(sent.cseq.number)
        is_idle = made.state in (State.NONE, State.CHALLENGED)
        assert is_idle or made.get_timer() is not None or (sent is not None and made.awaits(sent.via.branch))
        assert made.status(now, clock).sentence
    assert all(before <= after for before, after in pairwise(branches))
