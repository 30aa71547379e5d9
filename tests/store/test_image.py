"""Operations on the image: their results, their rows, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest
from tests.store.dump import dump
from tests.store.samples import (
    ALICE,
    BOB,
    NOW,
    WEBPUSH,
    account,
    apns,
    call,
    contact,
    fcm,
    login,
    message,
    register,
    registered,
    subscription_keys,
    token,
    upload,
    webpush,
)

from ringwake.model.account import Aor, PbxLogin
from ringwake.model.account_ops import ForgetLogins, ListAccounts, PutAccount, RemoveAccount
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.call import CallEnd
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import ListHistory, Log, MarkRead
from ringwake.model.message_ops import KeepMessage, Kept, MessageDone
from ringwake.model.once_ops import UseOnce
from ringwake.model.push import Kind, PushTarget, Service
from ringwake.model.settings import UNCHOSEN
from ringwake.model.settings_ops import ListSettings, PutSettings
from ringwake.model.store_ops import (
    CancelCall,
    Decline,
    Finish,
    Invite,
    ListBindings,
    Op,
    OutOfOrder,
    Park,
    PushTerms,
    PutSubscription,
    Recover,
    Recovered,
    Refreshed,
    SharedToken,
    Sweep,
    TakeDue,
    TooManyAccounts,
)
from ringwake.model.stored_message import StoredMessage
from ringwake.model.token_ops import ForgetToken, Forgotten, RestoreTokens
from ringwake.model.upload import PutUpload, RemoveUpload
from ringwake.model.wakes import Wake
from ringwake.store.calls import LONGEST_SECONDS
from ringwake.store.image import Image
from ringwake.store.rows import Letter, Subscription

R = TypeVar("R")
ENDPOINT = "https://push.test/1"
CAROL = Aor("carol@example.com")
DIGEST = token(WEBPUSH, ENDPOINT).digest
VOIP, REMOTE = (known.digest for _, known in apns(voip="v", remote="r").tokens)
KEYS = subscription_keys(1)


def do(image: Image, op: Op[R]) -> R:
    return image.apply(op).result


def entry(name: str) -> Entry:
    return Entry(id=name, trace="t", aor=ALICE, kind=EntryKind.CALL, outcome=Outcome.NO_ANSWER, at=NOW)


def keep(image: Image, kept: StoredMessage) -> Kept:
    result = do(image, KeepMessage(message=kept))
    assert isinstance(result, Kept)
    return result


def a_full_image() -> Image:
    """Something of everything, so that each operation finds what it may change."""
    image = Image()
    do(image, PutAccount(account=account(pbx=login())))
    do(image, PutAccount(account=account(CAROL, pbx=login(heard_at=NOW - 500))))
    do(image, PutSubscription(aor=ALICE, digest=DIGEST, keys=KEYS))
    phone = contact("a1", instance="<urn:1>", push=apns(voip="v", remote="r"), refresh_at=NOW + 50)
    do(image, register(phone, cseq=1))
    browser = contact("a2", push=webpush(ENDPOINT), expires=90)
    do(image, register(browser, cseq=2, wall=NOW + 1))
    do(image, Park(call=call(1, at=NOW + 2, wake=600)))
    do(image, Invite(call="call1", bindings=("a2",)))
    do(image, KeepMessage(message=message(1, at=NOW + 2, lasts=80)))
    do(image, KeepMessage(message=message(2, at=NOW + 2)))
    do(image, MessageDone(message="message2", binding="a2"))
    do(image, PutUpload(upload(push=fcm("anybody's"))))
    do(image, Log(replace(entry("message1"), kind=EntryKind.MESSAGE, outcome=Outcome.WAITING)))
    do(image, Log(replace(entry("message2"), kind=EntryKind.MESSAGE, outcome=Outcome.WAITING)))
    do(image, Log(entry("missed")))
    do(image, PutSettings(aor=ALICE, settings=UNCHOSEN))
    do(image, UseOnce(name="used", until=NOW + 5))
    return image


# ---- REGISTER


def test_a_call_whose_end_could_not_be_written_is_swept_after_the_messages() -> None:
    image = Image()
    do(image, Park(call=call(1)))
    do(image, KeepMessage(message=message(1, lasts=600)))
    over = NOW + LONGEST_SECONDS
    assert do(image, Sweep(wall=over, limit=1)) == 1
    assert [record.id for record, _ in do(image, Recover(wall=over)).calls] == ["call1"]
    assert do(image, Sweep(wall=over, limit=9)) == 1
    assert do(image, Recover(wall=over)) == Recovered()


def test_register_hands_out_what_waits() -> None:
    image = Image()
    do(image, Park(call=call()))
    do(image, KeepMessage(message=message()))
    result = registered(do(image, register(contact("a1"), contact("a2"))))
    assert [known.id for known in result.bindings] == [known.id for known in result.touched] == ["a1", "a2"]
    assert result.calls == (call(),)
    assert result.messages == (message(),)


def test_register_returns_the_calls_as_they_were_and_invites_in_the_same_step() -> None:
    image = Image()
    do(image, Park(call=call()))
    do(image, register(contact("a1")))
    again = registered(do(image, register(contact("a1"), contact("a2"), cseq=2)))
    assert again.calls == (replace(call(), invited=("a1",)),)
    assert do(image, Recover(wall=NOW)).calls[0][0].invited == ("a1", "a2")


def test_two_flows_of_one_phone_wait_as_one() -> None:
    image = Image()
    do(image, Park(call=call()))
    flows = [contact(f"a{number}", instance="<urn:1>", reg_id=number) for number in (1, 2)]
    do(image, register(flows[0]))
    do(image, KeepMessage(message=message()))
    second = registered(do(image, register(flows[1], call_id="second")))
    assert [known.phone for known in second.bindings] == ["a1", "a1"]
    assert second.calls == (replace(call(), invited=("a1",)),), "it has the INVITE already, down its first flow"
    (kept,) = second.messages
    assert kept.waiting == ("a1",)
    assert keep(image, message(2)).message.waiting == ("a1",)
    # Its first flow goes: what waits for the phone still waits.
    do(image, register(replace(flows[0], expires=0.0), cseq=2))
    assert [known.waiting for known, _ in do(image, Recover(wall=NOW)).messages] == [("a1",), ("a1",)]
    assert do(image, MessageDone(message="message1", binding="a1"))
    do(image, Sweep(wall=NOW + 3600, limit=1))
    assert [known.waiting for known, _ in do(image, Recover(wall=NOW)).messages] == []


def test_a_flow_that_expires_leaves_the_phones_mail_to_its_other_flow() -> None:
    image = Image()
    do(image, register(contact("a1", instance="<urn:1>", reg_id=1, expires=60.0)))
    do(image, register(contact("a2", instance="<urn:1>", reg_id=2), call_id="second"))
    do(image, KeepMessage(message=message()))
    assert do(image, Sweep(wall=NOW + 60, limit=1)) == 1
    ((kept, phones),) = do(image, Recover(wall=NOW + 60)).messages
    assert (kept.waiting, [known.id for known in phones]) == (("a1",), ["a2"])


def test_register_knows_only_its_own_aor() -> None:
    image = Image()
    do(image, Park(call=call(aor=BOB)))
    do(image, KeepMessage(message=message(aor=BOB)))
    result = registered(do(image, register(contact())))
    assert (result.calls, result.messages) == ((), ())


def test_register_without_contacts_only_reads() -> None:
    image = a_full_image()
    before = dump(image)
    step = image.apply(register(cseq=9, wall=NOW + 91))
    result = registered(step.result)
    assert ([known.id for known in result.bindings], result.touched, result.messages) == (["a1"], (), ())
    assert [known.id for known in result.calls] == ["call1"]
    assert (step.rows, dump(image)) == ([], before)


def test_a_register_that_is_out_of_order_changes_nothing() -> None:
    image = a_full_image()
    before = dump(image)
    step = image.apply(register(contact("a1", instance="<urn:1>"), cseq=1))
    assert (step.result, step.rows, dump(image)) == (OutOfOrder(), [], before)


def test_unregistering_returns_the_calls_but_invites_nobody() -> None:
    image = a_full_image()
    result = registered(do(image, register(call_id="new", remove_all=True, wall=NOW + 3)))
    assert (result.bindings, result.touched, result.messages) == ((), (), ())
    assert [known.invited for known in result.calls] == [("a2",)]


def test_messages_do_not_wait_for_a_phone_that_has_left() -> None:
    image = Image()
    do(image, register(contact("a1")))
    do(image, KeepMessage(message=message()))
    do(image, register(remove_all=True, cseq=2))
    assert registered(do(image, register(contact("new"), cseq=3))).messages == (message(),)


def test_messages_do_not_wait_for_a_phone_that_expired_unswept() -> None:
    image = Image()
    do(image, register(contact("a1", expires=60)))
    do(image, KeepMessage(message=message()))
    result = registered(do(image, register(contact("new"), call_id="new", wall=NOW + 61)))
    assert result.messages == (message(),)


def test_browser_keys_join_whichever_comes_first() -> None:
    image = Image()
    do(image, register(contact("a1", push=webpush(ENDPOINT))))
    assert do(image, PutSubscription(aor=ALICE, digest=DIGEST, keys=KEYS))
    assert do(image, ListBindings(aor=ALICE, wall=NOW))[0].push == webpush(ENDPOINT, KEYS)
    result = registered(do(image, register(contact("a1", push=webpush(ENDPOINT)), cseq=2)))
    assert result.touched == result.bindings
    assert result.touched[0].push == webpush(ENDPOINT, KEYS)
    assert not do(image, PutSubscription(aor=BOB, digest=DIGEST, keys=KEYS))
    assert not do(image, PutSubscription(aor=ALICE, digest="other", keys=KEYS))


def test_a_new_endpoint_has_its_own_keys_and_never_those_of_the_old_one() -> None:
    image, other = Image(), "https://push.test/2"
    do(image, register(contact("a1", instance="<urn:1>", push=webpush(ENDPOINT))))
    do(image, PutSubscription(aor=ALICE, digest=DIGEST, keys=KEYS))
    (moved,) = registered(do(image, register(contact("x", instance="<urn:1>", push=webpush(other)), cseq=2))).touched
    assert (moved.id, moved.push) == ("a1", webpush(other))
    assert do(image, PutSubscription(aor=ALICE, digest=webpush(other).lease, keys=subscription_keys(8)))
    assert of_alice(image).push == webpush(other, subscription_keys(8))
    forgotten(image, DIGEST)
    assert of_alice(image).push == webpush(other, subscription_keys(8)), "the old one is not its token"


# ---- tokens and refreshes


def forgotten(image: Image, digest: str, dead_at: float = NOW, *, is_timed: bool = False) -> Forgotten:
    result = do(image, ForgetToken(digest=digest, dead_at=dead_at, is_timed=is_timed))
    assert isinstance(result, Forgotten)
    return result


def of_alice(image: Image) -> Binding:
    found = do(image, ListBindings(aor=ALICE, wall=NOW))
    assert isinstance(found[0], Binding)
    return found[0]


def test_only_the_dead_one_of_two_tokens_is_forgotten() -> None:
    image = a_full_image()
    before = of_alice(image)
    assert forgotten(image, VOIP).bindings == (before,), "as it was"
    assert (of_alice(image).push, of_alice(image).refresh_at) == (apns(remote="r"), NOW + 50)
    assert forgotten(image, VOIP) == Forgotten(digest=VOIP)
    forgotten(image, REMOTE)
    assert (of_alice(image).push, of_alice(image).refresh_at) == (None, None)


def test_with_only_a_voip_token_left_there_is_no_silent_push() -> None:
    image = a_full_image()
    forgotten(image, REMOTE)
    assert (of_alice(image).push, of_alice(image).refresh_at) == (apns(voip="v"), None)
    assert do(image, TakeDue(wall=NOW + 60, limit=9, lease=10)) == ()


def test_a_token_that_was_registered_after_it_died_stands() -> None:
    image = a_full_image()
    assert forgotten(image, VOIP, NOW - 1).bindings == ()


def test_a_token_is_forgotten_everywhere() -> None:
    image = Image()
    for aor, new_id in ((BOB, "b1"), (ALICE, "a1")):
        do(image, register(contact(new_id, push=fcm("t")), contact("x" + new_id), aor=aor))
    lost = forgotten(image, fcm("t").lease).bindings
    assert [(known.id, known.aor) for known in lost] == [("a1", ALICE), ("b1", BOB)]


@pytest.mark.parametrize(("is_timed", "left"), [(True, fcm("t")), (False, None)])
def test_a_token_that_was_uploaded_after_the_time_that_its_provider_names_stands(
    is_timed: bool, left: PushTarget | None
) -> None:
    image = Image()
    do(image, register(contact("a1", instance="<urn:1>")))
    do(image, PutUpload(upload("<urn:1>", push=fcm("t"), at=NOW + 100)))
    lost = forgotten(image, fcm("t").lease, NOW + 50, is_timed=is_timed)
    assert of_alice(image).push == left
    assert lost.uploads == (), "what came later is not meant in either case"


def test_who_registers_anothers_voip_token_as_a_remote_one_does_not_end_it() -> None:
    """Apple calls it dead for that topic, and speaks of no other registration (reliability P7)."""
    image = Image()
    do(image, register(contact("a1", push=apns(voip="v", remote="r"))))
    do(image, register(contact("b1", push=apns(remote="v")), aor=BOB))
    lost = do(image, ForgetToken(digest=VOIP, dead_at=NOW, service=Service.REMOTE))
    assert [known.id for known in lost.bindings] == ["b1"]
    assert of_alice(image).push == apns(voip="v", remote="r")


# ---- tokens that come back


def put_back(image: Image, *lost: Forgotten) -> list[str]:
    return [known.id for known in do(image, RestoreTokens(forgotten=lost))]


def test_what_was_forgotten_comes_back_whole() -> None:
    image = a_full_image()
    before = dump(image)
    lost = [forgotten(image, digest) for digest in (VOIP, REMOTE)]
    assert put_back(image, *lost) == ["a1", "a1"], "first one token, then the other"
    assert dump(image) == before
    assert put_back(image, *lost) == [], "it is there"


def test_one_of_two_tokens_comes_back_beside_the_other() -> None:
    image = a_full_image()
    before = of_alice(image)
    lost = forgotten(image, VOIP)
    assert put_back(image, lost) == ["a1"]
    assert of_alice(image) == before


@pytest.mark.parametrize("push", [None, apns(voip="v"), apns(voip="w", remote="r")], ids=["none", "same", "new"])
def test_a_phone_that_has_registered_since_has_what_it_registered(push: PushTarget | None) -> None:
    image = a_full_image()
    lost = forgotten(image, VOIP)
    do(image, register(contact(push=push), cseq=3, wall=NOW + 1))
    known = of_alice(image)
    assert put_back(image, lost) == []
    assert of_alice(image) == known


def test_a_phone_that_is_gone_does_not_come_back() -> None:
    image = a_full_image()
    lost = forgotten(image, VOIP)
    do(image, register(remove_all=True, cseq=3, wall=NOW + 1))
    assert put_back(image, lost) == []


def test_an_upload_comes_back_with_its_binding() -> None:
    image = Image()
    do(image, PutUpload(upload(push=apns(voip="v", remote="r"))))
    do(image, register(contact(uploaded=TERMS)))
    before = dump(image)
    lost = [forgotten(image, digest) for digest in (VOIP, REMOTE)]
    assert put_back(image, *lost) == ["a1", "a1"]
    assert dump(image) == before
    forgotten(image, VOIP)
    assert put_back(image, lost[0]) == ["a1"]
    assert dump(image) == before


def test_an_upload_that_came_since_stands() -> None:
    image = Image()
    do(image, PutUpload(upload(push=fcm("t"))))
    do(image, register(contact(uploaded=TERMS)))
    lost = forgotten(image, fcm("t").lease)
    do(image, PutUpload(upload(push=fcm("new"), at=NOW + 1)))
    before = dump(image)
    assert of_alice(image).push == fcm("new")
    assert put_back(image, lost) == []
    assert dump(image) == before


def test_a_target_that_was_taken_back_since_does_not_come_back() -> None:
    image = Image()
    do(image, PutUpload(upload(push=apns(voip="v", remote="r"))))
    do(image, register(contact(uploaded=TERMS)))
    lost = forgotten(image, VOIP)
    do(image, RemoveUpload(aor=ALICE, instance=""))
    assert put_back(image, replace(lost, uploads=())) == []
    assert of_alice(image).push is None


@pytest.mark.parametrize("instance", ["", "<urn:1>"])
def test_a_dead_target_that_was_taken_back_since_does_not_come_back_either(instance: str) -> None:
    image = Image()
    do(image, PutUpload(upload(instance, push=fcm("t"))))
    do(image, register(contact("a1", instance="<urn:1>", uploaded=TERMS)))
    lost = forgotten(image, fcm("t").lease)
    assert of_alice(image).dead_token is not None
    assert not do(image, RemoveUpload(aor=ALICE, instance=instance))
    before = dump(image)
    assert put_back(image, lost) == []
    assert dump(image) == before, "the upload neither"
    (again,) = registered(do(image, register(contact("a1", instance="<urn:1>", uploaded=TERMS), cseq=2))).touched
    assert again.push is None


def test_who_takes_one_phones_target_back_leaves_the_others_theirs() -> None:
    image = Image()
    do(image, register(contact("a1", instance="<urn:1>", push=fcm("t"))))
    lost = forgotten(image, fcm("t").lease)
    assert not do(image, RemoveUpload(aor=ALICE, instance="<urn:2>"))
    assert put_back(image, lost) == ["a1"]


def test_an_account_that_was_made_again_does_not_get_the_target_of_the_one_before() -> None:
    image = Image()
    do(image, PutAccount(account=account()))
    do(image, PutUpload(upload(push=fcm("t"))))
    do(image, register(contact(uploaded=TERMS)))
    lost = forgotten(image, fcm("t").lease)
    do(image, RemoveAccount(aor=ALICE))
    do(image, PutAccount(account=account()))
    before = dump(image)
    assert put_back(image, lost) == []
    assert dump(image) == before


def test_an_upload_comes_back_to_a_phone_that_has_its_token_still_or_has_come_without_one() -> None:
    for wall in (NOW, NOW + 1):
        image = Image()
        do(image, PutUpload(upload(push=fcm("t"), at=NOW - 9)))
        do(image, register(contact(uploaded=TERMS), wall=wall))
        lost = forgotten(image, fcm("t").lease, NOW)
        if wall == NOW:
            do(image, register(contact(uploaded=TERMS), cseq=2, wall=NOW + 1))
        assert put_back(image, lost) == []
        (again,) = registered(do(image, register(contact(uploaded=TERMS), cseq=3, wall=NOW + 2))).touched
        assert again.push == fcm("t")


def test_a_browsers_endpoint_comes_back_with_the_keys_that_are_known_now() -> None:
    image = Image()
    do(image, register(contact("a1", push=webpush(ENDPOINT))))
    do(image, PutSubscription(aor=ALICE, digest=DIGEST, keys=KEYS))
    lost = forgotten(image, DIGEST)
    do(image, PutSubscription(aor=ALICE, digest=DIGEST, keys=subscription_keys(7)))
    assert put_back(image, lost) == ["a1"]
    assert of_alice(image).push == webpush(ENDPOINT, subscription_keys(7))


def test_a_dead_token_is_remembered_until_the_phone_brings_another() -> None:
    image = Image()
    do(image, register(contact(push=apns(voip="v", remote="r"))))
    forgotten(image, VOIP)
    assert (of_alice(image).dead_token, of_alice(image).push) == (Provider.APNS, apns(remote="r"))
    (again,) = registered(do(image, register(contact(push=apns(voip="w", remote="r")), cseq=2))).touched
    assert again.dead_token is None


def test_all_accounts_of_a_phone_know_of_its_wakes_in_one_step() -> None:
    image = Image()
    do(image, register(contact("b1", push=fcm("t")), aor=BOB))
    woken = register(contact("a1", push=fcm("t"), woken=(Wake(NOW - 1, Kind.CALL),)))
    before = dump(image)
    step = image.apply(woken)
    assert sorted(row.key for row in step.rows) == [f"a1 {ALICE}", f"b1 {BOB}"]
    found = do(image, ListBindings(aor=None, wall=NOW))
    assert [known.wakes.by_reason() for known in found] == [{"call": 1}, {"call": 1}]
    step.undo()
    assert dump(image) == before


def test_a_phone_that_claims_anothers_token_is_told_of_and_takes_nothing_away() -> None:
    image = Image()
    do(image, register(contact("b1", instance="<urn:1>", push=fcm("t")), aor=BOB))
    known = do(image, ListBindings(aor=BOB, wall=NOW))
    result = registered(do(image, register(contact("a1", instance="<urn:2>", push=fcm("t")))))
    assert result.shared == (SharedToken("a1", 2),)
    assert do(image, ListBindings(aor=BOB, wall=NOW)) == known


def test_one_account_too_many_for_a_token_changes_nothing() -> None:
    image = Image()
    for number in range(10):
        do(image, register(contact(push=fcm("t")), aor=Aor(f"a{number}@example.com")))
    step = image.apply(register(contact(push=fcm("t"))))
    assert (step.result, step.rows) == (TooManyAccounts(), [])


def test_what_is_due_is_taken_once_until_its_lease_is_over() -> None:
    image = a_full_image()
    (taken,) = do(image, TakeDue(wall=NOW + 50, limit=9, lease=30))
    assert (taken.id, taken.refresh_at) == ("a1", NOW + 80)
    assert do(image, TakeDue(wall=NOW + 79, limit=9, lease=30)) == ()
    assert do(image, TakeDue(wall=NOW + 80, limit=0, lease=30)) == ()
    assert len(do(image, TakeDue(wall=NOW + 80, limit=1, lease=30))) == 1


def test_a_refresh_counts_for_the_registration_that_it_was_for() -> None:
    image = a_full_image()
    noted = Refreshed(aor=ALICE, binding="a1", registered_at=NOW, tries=1, refresh_at=NOW + 70)
    do(image, noted)
    assert do(image, ListBindings(aor=ALICE, wall=NOW))[0].refresh_tries == 1
    for stale in (replace(noted, registered_at=NOW - 1), replace(noted, binding="x"), replace(noted, aor=BOB)):
        assert image.apply(replace(stale, tries=7)).rows == []
    assert do(image, ListBindings(aor=ALICE, wall=NOW))[0].refresh_at == NOW + 70


def test_bindings_are_listed_by_aor() -> None:
    image = a_full_image()
    do(image, register(contact("z1"), aor=BOB))
    assert [known.id for known in do(image, ListBindings(aor=None, wall=NOW))] == ["a1", "a2", "z1"]
    assert [known.id for known in do(image, ListBindings(aor=ALICE, wall=NOW + 91))] == ["a1"]


def test_sweep_drops_what_has_expired_within_its_limit() -> None:
    image = a_full_image()
    assert do(image, Sweep(wall=NOW + 81, limit=9)) == 1, "a name that was used up"
    assert do(image, Sweep(wall=NOW + 81, limit=9)) == 0
    assert do(image, Sweep(wall=NOW + 700, limit=1)) == 1
    assert do(image, Recover(wall=NOW + 90)).calls[0][1] == do(image, ListBindings(aor=ALICE, wall=NOW + 90))
    assert [known.id for known in do(image, ListBindings(aor=ALICE, wall=NOW))] == ["a1"]
    assert do(image, Sweep(wall=NOW + 700, limit=9)) == 2
    assert do(image, Sweep(wall=NOW + 700, limit=9)) == 0


def test_messages_do_not_wait_for_a_phone_that_was_swept() -> None:
    image = Image()
    do(image, register(contact("a1", expires=60)))
    do(image, KeepMessage(message=message()))
    do(image, Sweep(wall=NOW + 60, limit=9))
    assert registered(do(image, register(contact("new"), cseq=2, wall=NOW + 61))).messages == (message(),)


# ---- calls and messages


def test_park_returns_the_current_bindings_also_when_it_comes_again() -> None:
    image = a_full_image()
    assert [known.id for known in do(image, Park(call=call(2, at=NOW + 91))).bindings] == ["a1"]
    again = image.apply(Park(call=replace(call(2, at=NOW + 1), invite=b"other")))
    assert [known.id for known in again.result.bindings] == ["a1", "a2"]
    assert again.rows == []


def test_a_call_that_was_cancelled_waits_for_its_answer_and_for_no_phone() -> None:
    image = a_full_image()
    assert do(image, CancelCall(call="call1"))
    assert do(image, CancelCall(call="call1")), "a CANCEL may come again"
    assert registered(do(image, register(contact("n"), cseq=3, wall=NOW + 3))).calls == ()
    ((record, _),) = do(image, Recover(wall=NOW + 3)).calls
    assert (record.id, record.is_cancelled) == ("call1", True)
    assert do(image, Finish(call="call1", end=CallEnd.CANCELLED)).was_open
    assert not do(image, CancelCall(call="call1"))


def test_what_phones_have_refused_is_known_after_a_crash() -> None:
    image = a_full_image()
    for phone, status in (("a1", 486), ("a2", 480), ("a1", 200)):
        assert do(image, Decline(call="call1", phone=phone, status=status))
    ((record, _),) = do(image, Recover(wall=NOW + 3)).calls
    assert record.refusals == (("a1", 486), ("a2", 480))
    assert not do(image, Decline(call="none", phone="a1", status=486))


def test_a_call_ends_once() -> None:
    image = a_full_image()
    assert do(image, Invite(call="call1", bindings=("a1",)))
    assert do(image, Finish(call="call1", end=CallEnd.ANSWERED)).was_open
    assert not do(image, Finish(call="call1", end=CallEnd.CANCELLED)).was_open
    assert not do(image, Invite(call="call1", bindings=("a1",)))
    assert registered(do(image, register(contact("n"), cseq=3, wall=NOW + 3))).calls == ()


def test_recover_returns_also_calls_that_are_too_late() -> None:
    image = a_full_image()
    ((record, bindings),) = do(image, Recover(wall=NOW + 1000)).calls
    assert (record.id, [known.id for known in bindings]) == ("call1", ["a1"])


def test_recover_returns_messages_with_the_phones_that_are_still_to_have_them() -> None:
    image = a_full_image()
    do(image, KeepMessage(message=message(3, at=NOW + 3)))
    found = do(image, Recover(wall=NOW + 4)).messages
    assert [(stored.id, [phone.id for phone in phones]) for stored, phones in found][-1] == ("message3", ["a1", "a2"])
    do(image, MessageDone(message="message3", binding="a1"))
    assert [phone.id for phone in do(image, Recover(wall=NOW + 4)).messages[-1][1]] == ["a2"]
    assert do(image, Recover(wall=NOW + 5000)).messages == ()
    nobody = Image()
    do(nobody, KeepMessage(message=message(3)))
    assert do(nobody, Recover(wall=NOW)).messages == (), "it waits for somebody to register"


def test_a_message_is_kept_once_for_those_that_are_bound() -> None:
    image = a_full_image()
    first = keep(image, message(3, at=NOW + 3))
    assert first.message.waiting == ("a1", "a2")
    again = image.apply(KeepMessage(message=message(3, at=NOW + 91)))
    assert isinstance(again.result, Kept)
    assert (again.result.message, [known.id for known in again.result.bindings]) == (first.message, ["a1"])
    assert again.rows == []
    assert do(image, MessageDone(message="message3", binding="a1"))
    assert not do(image, MessageDone(message="message3", binding="a1"))


# ---- push targets that came over HTTP

TERMS = PushTerms(30 * 86400.0, NOW + 86400)


def test_an_upload_is_bound_with_the_next_register_that_says_nothing_of_push() -> None:
    image = Image()
    assert do(image, PutUpload(upload())) is False
    (bound,) = registered(do(image, register(contact(uploaded=TERMS), wall=NOW + 1))).touched
    assert (bound.push, bound.refresh_at, bound.expires_at) == (fcm("uploaded"), NOW + 86400, NOW + 1 + 30 * 86400)
    assert do(image, PutUpload(upload(at=NOW + 2))) is True


def test_an_upload_reaches_a_phone_that_is_bound_already_with_the_keys_of_its_browser() -> None:
    image = Image()
    do(image, PutSubscription(aor=ALICE, digest=DIGEST, keys=KEYS))
    do(image, register(contact("a1", instance="<urn:1>"), contact("a2", instance="<urn:2>")))
    assert do(image, PutUpload(upload("<urn:2>", push=webpush(ENDPOINT), at=NOW + 1))) is True
    assert [known.push for known in do(image, ListBindings(aor=ALICE, wall=NOW))] == [None, webpush(ENDPOINT, KEYS)]


def test_a_token_of_too_many_accounts_is_not_taken() -> None:
    image = Image()
    aors = [Aor(f"a{number}@example.com") for number in range(10)]
    for aor in aors:
        do(image, register(contact(push=fcm("uploaded")), aor=aor))
    assert do(image, PutUpload(upload())) == TooManyAccounts()
    (bound,) = registered(do(image, register(contact(uploaded=TERMS)))).touched
    assert bound.push is None
    assert do(image, PutUpload(upload(aor=aors[0]))) is True, "who has it may keep it"


def test_what_is_taken_back_is_bound_no_more() -> None:
    image = Image()
    do(image, PutUpload(upload("<urn:1>")))
    do(image, register(contact("a1", instance="<urn:1>", uploaded=TERMS), contact("a2", push=fcm("own"))))
    assert do(image, RemoveUpload(aor=ALICE, instance="<urn:1>"))
    assert not do(image, RemoveUpload(aor=ALICE, instance="<urn:1>"))
    found = {known.id: known for known in do(image, ListBindings(aor=ALICE, wall=NOW))}
    assert (found["a1"].push, found["a1"].refresh_at, found["a2"].push) == (None, None, fcm("own"))
    (again,) = registered(do(image, register(contact("a1", instance="<urn:1>", uploaded=TERMS), cseq=2))).touched
    assert again.push is None


@pytest.mark.parametrize(
    ("dead_at", "left"), [(NOW - 1, apns(voip="v", remote="r")), (NOW, apns(remote="r")), (NOW + 9, apns(remote="r"))]
)
def test_a_dead_token_is_not_bound_again_by_its_upload(dead_at: float, left: PushTarget) -> None:
    image = Image()
    do(image, PutUpload(upload(push=apns(voip="v", remote="r"))))
    do(image, register(contact(uploaded=TERMS)))
    do(image, ForgetToken(digest=VOIP, dead_at=dead_at))
    (again,) = registered(do(image, register(contact(uploaded=TERMS), cseq=2))).touched
    assert again.push == left
    do(image, ForgetToken(digest=REMOTE, dead_at=NOW + 9))
    (again,) = registered(do(image, register(contact(uploaded=TERMS), cseq=3))).touched
    assert again.push == (apns(voip="v") if dead_at < NOW else None)


def test_an_account_that_is_made_again_has_no_uploads() -> None:
    image = Image()
    for number in range(2):
        do(image, PutAccount(account=account()))
        (bound,) = registered(do(image, register(contact(uploaded=TERMS), wall=NOW + number))).touched
        assert bound.push is None
        do(image, PutUpload(upload(at=NOW + number)))
        assert do(image, RemoveAccount(aor=ALICE))


# ---- accounts


def test_removing_an_account_takes_all_of_it_but_its_calls() -> None:
    image = a_full_image()
    do(image, register(contact("b1"), aor=BOB))
    assert not do(image, PutAccount(account=account(md5="1" * 32)))
    assert do(image, ListAccounts(tenant="example.com"))[0] == account(md5="1" * 32)
    assert do(image, ListAccounts(tenant="other.test")) == ()
    assert do(image, RemoveAccount(aor=ALICE))
    assert [key for _, key in dump(image)] == ["b1 bob@example.com", "used", "call1", CAROL]
    assert not do(image, RemoveAccount(aor=ALICE))


# ---- logins at the PBX


def kept(image: Image, aor: Aor = ALICE) -> PbxLogin | None:
    (found,) = [each for each in do(image, ListAccounts()) if each.aor == aor]
    return found.pbx


def forget(at: float, *, after: float = 100.0, limit: int = 9, tenant: str = "example.com") -> ForgetLogins:
    return ForgetLogins(tenant=tenant, wall=at, after=after, limit=limit)


def test_the_silence_of_a_new_login_begins_at_the_first_look() -> None:
    image = Image()
    do(image, PutAccount(account=account(pbx=login())))
    assert do(image, forget(NOW)) == ()
    assert kept(image) == login(heard_at=NOW)
    assert do(image, forget(NOW + 99)) == ()
    assert do(image, forget(NOW + 100)) == (account(pbx=login(heard_at=NOW)),)
    assert kept(image) is None
    assert do(image, forget(NOW + 999)) == ()


def test_a_login_is_kept_while_a_phone_registers_and_so_long_after_the_last_one_has() -> None:
    image = Image()
    do(image, PutAccount(account=account(pbx=login(heard_at=NOW))))
    do(image, register(contact("a1", expires=600), wall=NOW + 90))
    assert do(image, forget(NOW + 189)) == ()
    do(image, register(contact("a1", expires=600), cseq=2, wall=NOW + 180))
    assert do(image, forget(NOW + 279)) == ()
    assert kept(image) == login(heard_at=NOW), "a binding that is there says it: nothing is written"
    assert [each.aor for each in do(image, forget(NOW + 280))] == [ALICE]


def test_that_a_phone_spoke_outlives_its_binding() -> None:
    image = Image()
    do(image, PutAccount(account=account(pbx=login(heard_at=NOW))))
    do(image, register(contact("a1", expires=60), wall=NOW + 50))
    assert do(image, Sweep(wall=NOW + 111, limit=9)) == 1
    assert kept(image) == login(heard_at=NOW + 50)
    do(image, register(contact("a1", expires=60), cseq=2, wall=NOW + 120))
    do(image, register(contact("a1", expires=0), cseq=3, wall=NOW + 130))
    assert kept(image) == login(heard_at=NOW + 130), "to go is to speak"
    assert do(image, forget(NOW + 229)) == ()
    assert len(do(image, forget(NOW + 230))) == 1


def test_a_phone_that_stays_remembers_only_itself() -> None:
    image = Image()
    do(image, PutAccount(account=account(pbx=login(heard_at=NOW))))
    do(image, register(contact("a1", expires=600), wall=NOW + 1))
    do(image, register(contact("a2", expires=60), call_id="2", wall=NOW + 50))
    assert do(image, Sweep(wall=NOW + 111, limit=9)) == 1
    assert kept(image) == login(heard_at=NOW + 50)
    do(image, register(wall=NOW + 112))
    assert kept(image) == login(heard_at=NOW + 50), "asking is not registering"


def test_the_longest_silent_go_first_and_no_more_than_asked_for() -> None:
    image = Image()
    for aor, at in ((ALICE, NOW + 2), (BOB, NOW + 1), (CAROL, NOW + 3)):
        do(image, PutAccount(account=account(aor, pbx=login(heard_at=at))))
    do(image, register(contact("b1"), aor=BOB, wall=NOW + 9))
    assert [each.aor for each in do(image, forget(NOW + 500, limit=2))] == [ALICE, CAROL]
    assert [each.aor for each in do(image, forget(NOW + 500, limit=2))] == [BOB]


def test_the_first_looks_count_too() -> None:
    image = Image()
    for aor in (ALICE, BOB):
        do(image, PutAccount(account=account(aor, pbx=login())))
    do(image, forget(NOW, limit=1))
    assert (kept(image), kept(image, BOB)) == (login(heard_at=NOW), login())


def test_each_tenant_has_its_own_patience_and_accounts_without_a_login_stay_as_they_are() -> None:
    image = Image()
    do(image, PutAccount(account=account(pbx=login(heard_at=NOW))))
    do(image, PutAccount(account=account(BOB)))
    assert do(image, forget(NOW + 999, tenant="other.test")) == ()
    do(image, register(contact("b1", expires=0), aor=BOB, wall=NOW))
    assert kept(image, BOB) is None
    assert [each.aor for each in do(image, forget(NOW + 999))] == [ALICE]


def test_a_login_that_is_given_anew_has_its_time() -> None:
    image = Image()
    do(image, PutAccount(account=account(pbx=login(heard_at=NOW))))
    do(image, PutAccount(account=account(pbx=login("other"))))
    assert do(image, forget(NOW + 999)) == ()
    do(image, PutAccount(account=account()))
    assert do(image, forget(NOW + 9999)) == ()
    do(image, PutAccount(account=account(pbx=login(heard_at=NOW))))
    do(image, RemoveAccount(aor=ALICE))
    assert do(image, forget(NOW + 9999)) == ()


# ---- apply, undo, load


EVERY_OP: list[Op[Any]] = [
    register(contact("a1", instance="<urn:1>", push=fcm("new")), contact("a3"), cseq=3, wall=NOW + 3),
    register(remove_all=True, cseq=3, wall=NOW + 3),
    PutSubscription(aor=ALICE, digest=DIGEST, keys=subscription_keys(2)),
    PutUpload(upload("<urn:1>", at=NOW + 2)),
    RemoveUpload(aor=ALICE, instance=""),
    ForgetToken(digest=VOIP, dead_at=NOW),
    RestoreTokens(forgotten=(Forgotten(digest=DIGEST, uploads=(upload("<urn:lost>"),)),)),
    TakeDue(wall=NOW + 60, limit=9, lease=10),
    Refreshed(aor=ALICE, binding="a1", registered_at=NOW, tries=1, refresh_at=None),
    Sweep(wall=NOW + 10_000, limit=99),
    Park(call=call(2)),
    Invite(call="call1", bindings=("a1",)),
    Decline(call="call1", phone="a1", status=486),
    CancelCall(call="call1"),
    Finish(call="call1", end=CallEnd.ERROR),
    Finish(call="call1", end=CallEnd.ERROR, entry=entry("call1")),
    KeepMessage(message=message(3)),
    KeepMessage(message=message(3), entry=entry("message3"), most=99),
    MessageDone(message="message1", binding="a1"),
    MessageDone(message="message2", binding="a1"),
    PutAccount(account=account(BOB)),
    ForgetLogins(tenant="example.com", wall=NOW + 100, after=100, limit=9),
    RemoveAccount(aor=ALICE),
    Log(entry("another")),
    Log(replace(entry("missed"), outcome=Outcome.FORWARDED)),
    MarkRead(aor=ALICE, until=NOW),
    MarkRead(aor=ALICE, entries=("missed",), until=NOW),
    MessageDone(message="message1", binding="a1", status=415, wall=NOW),
    Sweep(wall=NOW + 100 * 86400, limit=99),
    PutSettings(aor=ALICE, settings=UNCHOSEN, expected=1),
    PutSettings(aor=CAROL, settings=UNCHOSEN),
    UseOnce(name="fresh", until=NOW + 1),
]
READS: list[Op[Any]] = [
    ListBindings(aor=None, wall=NOW),
    Recover(wall=NOW),
    ListAccounts(),
    ListHistory(),
    ListSettings(),
]


def test_every_operation_is_tried_here() -> None:
    assert {type(op) for op in EVERY_OP + READS} == set(Image()._steps)


@pytest.mark.parametrize("op", EVERY_OP, ids=lambda op: type(op).__name__)
def test_undo_leads_back(op: Op[Any]) -> None:
    image, untouched = a_full_image(), a_full_image()
    before = dump(image)
    step = image.apply(op)
    assert dump(image) != before
    step.undo()
    assert dump(image) == before
    # What comes later cannot tell that it ever happened.
    for later in EVERY_OP + READS:
        assert do(image, later) == do(untouched, later)


def test_steps_are_undone_in_reverse_order() -> None:
    image = a_full_image()
    before = dump(image)
    steps = [image.apply(op) for op in EVERY_OP]
    for step in reversed(steps):
        step.undo()
    assert dump(image) == before


@pytest.mark.parametrize("op", READS, ids=lambda op: type(op).__name__)
def test_reads_write_nothing(op: Op[Any]) -> None:
    assert a_full_image().apply(op).rows == []


@pytest.mark.parametrize("op", EVERY_OP, ids=lambda op: type(op).__name__)
def test_the_rows_say_all_that_has_changed(op: Op[Any]) -> None:
    image = a_full_image()
    disk = dump(image)
    for row in image.apply(op).rows:
        assert disk.get((row.table, row.key)) == row.before
        if row.after is None:
            del disk[row.table, row.key]
        else:
            disk[row.table, row.key] = row.after
    assert disk == dump(image)


@dataclass(frozen=True)
class Half(Op[None]):
    """An operation of which the second half fails."""


def test_an_operation_that_raises_has_changed_nothing() -> None:
    image = a_full_image()
    before = dump(image)

    def fail(_: object, changes: Any) -> None:
        image._accounts.put(changes, ALICE, None)
        raise RuntimeError("in the middle")

    image._steps[Half] = fail
    with pytest.raises(RuntimeError):
        image.apply(Half())
    assert dump(image) == before


def test_load_restores_all_of_it() -> None:
    image, loaded = a_full_image(), Image()
    loaded.load(dump(image).values())
    assert dump(loaded) == dump(image)
    # Serials go on where they were.
    for known in (image, loaded):
        do(known, KeepMessage(message=message(9, aor=BOB)))
        do(known, PutSubscription(aor=BOB, digest="d", keys=KEYS))
    serials = [[v.serial for v in dump(known).values() if isinstance(v, (Letter, Subscription))]
               for known in (image, loaded)]  # fmt: skip
    assert all(len(set(each)) == len(each) for each in serials)


def test_a_message_does_not_wait_for_a_binding_that_could_not_be_read() -> None:
    loaded = Image()
    loaded.load([Letter(message=replace(message(), waiting=("lost",)), serial=1)])
    assert registered(do(loaded, register(contact("new")))).messages == (message(),)
