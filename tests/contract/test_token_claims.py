"""Tokens that another phone has, where the tenant wants proof: the same in every store (standards S6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.beds import KINDS, Bed, make_bed
from tests.store.samples import BOB, NOW, contact, fcm, register, registered, subscription_keys, upload, webpush

from ringwake.model.binding import Binding
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import ListBindings, PutSubscription, Register, StrangeToken
from ringwake.model.token_claims import Challenged, TokenClaims, TokenProof
from ringwake.model.token_ops import ForgetToken, RestoreTokens
from ringwake.model.upload import PutUpload

PHONE, OTHER = "<urn:uuid:0001>", "<urn:uuid:0002>"
EVERYTHING = ListBindings(aor=None, wall=NOW)


@pytest.fixture(params=KINDS)
def bed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bed]:
    made = make_bed(request.param, tmp_path)
    yield made
    made.close()


def claim(claims: TokenClaims, push: PushTarget | None = None, *, cseq: int = 1) -> Register:
    asked = contact("b1", instance=OTHER, push=push or fcm("t"), expires=90_000.0, refresh_at=NOW + 50)
    return replace(register(asked, aor=BOB, cseq=cseq), claims=claims)


def held(bed: Bed, push: PushTarget | None = None) -> Binding:
    (bound,) = registered(bed.do(register(contact("a1", instance=PHONE, push=push or fcm("t"))))).touched
    return bound


def test_where_it_is_refused_nothing_changes(bed: Bed) -> None:
    held(bed)
    before = bed.do(EVERYTHING)
    assert bed.do(claim(TokenClaims.REJECT)) == StrangeToken()
    assert bed.do(EVERYTHING) == before


def test_where_it_is_challenged_it_is_bound_without_push_and_the_holder_keeps_all(bed: Bed) -> None:
    known = held(bed)
    result = registered(bed.do(claim(TokenClaims.CHALLENGE)))
    assert result.challenged == (Challenged("b1", fcm("t")),)
    bed.reopen()
    holder, claimer = bed.do(EVERYTHING)
    assert holder == known
    assert (claimer.push, claimer.refresh_at, claimer.expires_at) == (None, None, NOW + 3600)


def test_whoever_has_proved_it_has_it(bed: Bed) -> None:
    known = held(bed)
    bed.do(claim(TokenClaims.CHALLENGE))
    proof = TokenProof("b1", fcm("t").lease, "ticket")
    proved = registered(bed.do(replace(claim(TokenClaims.CHALLENGE, cseq=2), proof=proof)))
    assert (proved.touched[0].push, proved.challenged) == (fcm("t"), ())
    bed.reopen()
    holder, claimer = bed.do(EVERYTHING)
    assert (holder, claimer.push) == (known, fcm("t"))
    again = registered(bed.do(claim(TokenClaims.CHALLENGE, cseq=3)))
    assert again.touched[0].push == fcm("t"), "it is its own now"


def test_a_browser_is_challenged_with_its_own_keys(bed: Bed) -> None:
    endpoint = webpush("https://push.test/1")
    held(bed, endpoint)
    bed.do(PutSubscription(aor=BOB, digest=endpoint.lease, keys=subscription_keys(4)))
    result = registered(bed.do(claim(TokenClaims.CHALLENGE, endpoint)))
    assert [each.push.keys for each in result.challenged] == [subscription_keys(4)]


@pytest.mark.parametrize("claims", [TokenClaims.CHALLENGE, TokenClaims.REJECT])
def test_an_upload_proves_nothing(bed: Bed, claims: TokenClaims) -> None:
    held(bed)
    strange = upload(OTHER, push=fcm("t"), aor=BOB)
    assert bed.do(PutUpload(strange, claims)) == StrangeToken()
    assert bed.do(PutUpload(replace(strange, instance=PHONE), claims)) is False, "the same phone"
    assert bed.do(PutUpload(strange, TokenClaims.ALLOW)) is False
    assert bed.do(PutUpload(upload(OTHER, push=fcm("t")), claims)) is True, "the same account"


def test_keys_for_anothers_endpoint_bind_nothing(bed: Bed) -> None:
    endpoint = webpush("https://push.test/1")
    known = held(bed, endpoint)
    assert bed.do(PutSubscription(aor=BOB, digest=endpoint.lease, keys=subscription_keys(4))) is False
    assert bed.do(EVERYTHING) == (known,)


def test_what_was_deleted_wrongly_comes_back_and_stays(bed: Bed) -> None:
    known = held(bed)
    lost = bed.do(ForgetToken(digest=fcm("t").lease, dead_at=NOW))
    bed.reopen()
    assert bed.do(EVERYTHING)[0].push is None
    assert bed.do(RestoreTokens(forgotten=(lost,))) == (known,)
    bed.reopen()
    assert bed.do(EVERYTHING) == (known,)
