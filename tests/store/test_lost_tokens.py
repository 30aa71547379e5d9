"""Claims about bindings and uploads that lose a token, and get it back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.store.samples import NOW, apns, binding, fcm, upload

from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.push import PushTarget, Service
from ringwake.model.token_ops import ForgetToken
from ringwake.store.lost_tokens import (
    is_missed,
    is_spoken_of,
    target_with,
    target_without,
    upload_again,
    with_token_again,
    without_token,
)

BOTH = apns(voip="v", remote="r")
VOIP, REMOTE = (token.digest for _, token in BOTH.tokens)


def known(push: PushTarget | None = BOTH, refresh_at: float | None = NOW + 50) -> Binding:
    return binding("a1", push=push, refresh_at=refresh_at)


def test_a_binding_without_its_last_token_has_no_target() -> None:
    bare = without_token(known(fcm("t")), fcm("t").lease)
    assert (bare.push, bare.refresh_at, bare.dead_token) == (None, None, Provider.FCM)


@pytest.mark.parametrize(("digest", "left", "at"), [(VOIP, apns(remote="r"), NOW + 50), (REMOTE, apns(voip="v"), None)])
def test_a_binding_without_one_of_two_keeps_the_other(digest: str, left: PushTarget, at: float | None) -> None:
    bare = without_token(known(), digest)
    assert (bare.push, bare.refresh_at, bare.dead_token) == (left, at, Provider.APNS)


@pytest.mark.parametrize("digest", [VOIP, REMOTE])
def test_a_token_comes_back_in_its_place(digest: str) -> None:
    assert with_token_again(without_token(known(), digest), known(), digest) == known()


def test_the_time_of_a_silent_push_that_was_set_since_stands() -> None:
    bare = replace(without_token(known(), VOIP), refresh_at=NOW + 99)
    again = with_token_again(bare, known(), VOIP)
    assert again is not None
    assert again.refresh_at == NOW + 99


@pytest.mark.parametrize(
    "now",
    [
        replace(without_token(known(), VOIP), registered_at=NOW + 1),
        replace(without_token(known(), VOIP), dead_token=None),
        replace(known(), dead_token=Provider.APNS),
        replace(without_token(known(), VOIP), push=apns(remote="another")),
    ],
    ids=["registered", "uploaded", "has it", "has another"],
)
def test_what_has_changed_since_is_left_alone(now: Binding) -> None:
    assert with_token_again(now, known(), VOIP) is None


def test_what_had_no_target_gets_none() -> None:
    assert with_token_again(without_token(known(), VOIP), known(None), VOIP) is None


def test_an_upload_comes_back_whole_or_beside_what_is_left_of_it() -> None:
    before = upload(push=BOTH)
    assert upload_again(None, before, VOIP) == before
    assert upload_again(upload(push=apns(remote="r")), before, VOIP) == before
    assert upload_again(upload(push=apns(remote="r"), at=NOW + 1), before, VOIP) is None
    assert upload_again(upload(push=BOTH), before, VOIP) is None


@pytest.mark.parametrize(
    ("instance", "now", "expected"),
    [
        ("", replace(known(None), dead_token=Provider.APNS), True),
        ("<urn:1>", replace(known(None), dead_token=Provider.APNS, instance="<urn:1>"), True),
        ("<urn:1>", replace(known(None), dead_token=Provider.APNS, instance="<urn:2>"), False),
        ("", known(None), False),
        ("<urn:1>", known(), True),
        ("", replace(known(fcm("another")), dead_token=Provider.APNS), False),
    ],
    ids=["lost it", "lost its own", "another's", "took it back", "has it still", "has another"],
)
def test_a_lost_upload_is_missed_where_its_token_or_the_loss_of_it_is(
    instance: str, now: Binding, *, expected: bool
) -> None:
    assert is_missed(upload(instance, push=BOTH), VOIP, [now]) is expected
    assert not is_missed(upload(instance, push=BOTH), VOIP, [])


def test_a_word_is_about_a_token_for_one_service() -> None:
    swapped = PushTarget(app=BOTH.app, tokens=((Service.REMOTE, BOTH.tokens[0][1]),))
    word = ForgetToken(digest=VOIP, dead_at=NOW, service=Service.REMOTE)
    assert [is_spoken_of(known, word) for known in (swapped, BOTH, None)] == [True, False, False]
    assert is_spoken_of(fcm("t"), ForgetToken(digest=fcm("t").lease, dead_at=NOW))


def test_targets_lose_and_gain_a_token() -> None:
    assert target_without(BOTH, "another") == BOTH
    assert target_without(fcm("t"), fcm("t").lease) is None
    assert target_with(None, BOTH, VOIP) == apns(voip="v")
    assert target_with(apns(voip="v"), BOTH, REMOTE) == BOTH
