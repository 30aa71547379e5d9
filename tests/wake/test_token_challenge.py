"""Claims about challenges: a ticket that proves a push token, and how often one is sent."""

from __future__ import annotations

import pytest
from tests.wake.phones import SEAL, WALL, android, binding, browser, iphone

from ringwake.model.push import Push, PushTarget, Service
from ringwake.model.token_claims import TokenProof
from ringwake.registrar.ticket import LONGEST, Flaw, Tickets
from ringwake.registrar.token_claim import challenged_token
from ringwake.wake.announcement import account_hash
from ringwake.wake.token_challenge import A_MINUTE, AN_HOUR, TEXT, Challenges

CLAIMER = binding("c", push=None)


def ask(challenges: Challenges, target: PushTarget, now: float = 0.0) -> Push | None:
    vehicle = challenged_token(target)
    assert vehicle is not None
    return challenges.push(CLAIMER, target, vehicle, now=now, wall=WALL + now)


def asked(challenges: Challenges, target: PushTarget, now: float = 0.0) -> Push:
    push = ask(challenges, target, now)
    assert push is not None
    return push


@pytest.mark.parametrize(
    ("target", "service", "is_shown", "is_background"),
    [
        (android(), Service.ONLY, False, False),
        (iphone(), Service.REMOTE, False, True),
        (browser(), Service.ONLY, True, False),
    ],
)
def test_it_is_silent_but_for_a_browser(
    target: PushTarget, service: Service, is_shown: bool, is_background: bool
) -> None:
    push = asked(Challenges(SEAL), target)
    assert (push.service, push.is_background) == (service, is_background)
    assert (push.notice.alert.body if push.notice.alert else "") == (TEXT if is_shown else "")
    assert (push.notice.account, push.expires_at) == (account_hash(CLAIMER.aor), WALL + LONGEST)


def test_what_is_brought_back_proves_the_token_for_the_binding_once() -> None:
    challenges = Challenges(SEAL)
    push = asked(challenges, android())
    proof = challenges.read(push.notice.ticket, wall=WALL)
    assert proof == TokenProof("c", android().lease, push.notice.id)
    challenges.spend(proof, wall=WALL)
    assert challenges.read(push.notice.ticket, wall=WALL) is Flaw.SPENT


def test_it_is_good_for_a_minute_and_in_the_next_life_too() -> None:
    ticket = asked(Challenges(SEAL), android()).notice.ticket
    assert isinstance(Challenges(SEAL).read(ticket, wall=WALL + LONGEST - 1), TokenProof)
    assert Challenges(SEAL).read(ticket, wall=WALL + LONGEST) is Flaw.SPENT


def test_a_ticket_that_stands_for_credentials_proves_no_token() -> None:
    other = Tickets(SEAL, "").issue("p", android().tokens[0][1], CLAIMER, wall=WALL, until=WALL + 60)
    assert Challenges(SEAL).read(other, wall=WALL) is Flaw.FORGED


def test_a_phone_is_woken_for_it_rarely_whoever_claims_its_token() -> None:
    challenges = Challenges(SEAL)
    at = [now for now in range(0, 7200, 10) if ask(challenges, android(), float(now)) is not None]
    assert at[:3] == [0, 10, 60]
    assert all(len([t for t in at if start <= t < start + 60]) <= A_MINUTE for start in range(7200))
    assert all(len([t for t in at if start <= t < start + 3600]) <= AN_HOUR for start in range(7200))
    assert ask(challenges, android("another"), 7000.0) is not None


def test_what_is_over_is_swept() -> None:
    challenges = Challenges(SEAL)
    proof = challenges.read(asked(challenges, android()).notice.ticket, wall=WALL)
    assert isinstance(proof, TokenProof)
    challenges.spend(proof, wall=WALL)
    assert len(challenges) == 3
    challenges.sweep(60.0, wall=WALL + 60)
    assert len(challenges) == 1
    challenges.sweep(3600.0, wall=WALL + 3600)
    assert len(challenges) == 0


def test_one_that_was_not_sent_is_not_counted() -> None:
    challenges = Challenges(SEAL)
    for now in range(10 * AN_HOUR):
        challenges.give_back(asked(challenges, android(), float(now)), float(now))
    assert len(challenges) == 0
