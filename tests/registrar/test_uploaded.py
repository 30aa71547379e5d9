"""Claims about whose a push target is that came over HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.store.samples import BOB, NOW, apns, binding, contact, fcm, register, upload, webpush

from ringwake.model.binding import Binding
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import ContactUpdate, PushTerms
from ringwake.model.upload import Upload
from ringwake.registrar.uploaded import SOON, bound_at_once, is_doubted, with_uploads

TERMS = PushTerms(30 * 86400.0, NOW + 86400)
LATER = NOW + 1
ANYBODYS, FIRSTS = upload(push=fcm("anybody's")), upload("<urn:1>", push=fcm("first's"))


def silent(instance: str = "", new_id: str = "a1") -> ContactUpdate:
    """Return a Contact that says nothing of push."""
    return contact(new_id, instance=instance, uploaded=TERMS)


def joined(*contacts: ContactUpdate, uploads: list[Upload], bindings: tuple[Binding, ...] = ()) -> list[object]:
    found = with_uploads(register(*contacts, wall=LATER), uploads, bindings)
    return [each.push.tokens[0][1].reveal() if each.push else None for each in found.contacts]


@pytest.mark.parametrize(
    ("instance", "uploads", "expected"),
    [
        ("<urn:1>", [FIRSTS], "first's"),
        ("<urn:2>", [FIRSTS], None),
        ("", [FIRSTS], None),
        ("", [ANYBODYS], "anybody's"),
        ("<urn:2>", [ANYBODYS], "anybody's"),
        ("<urn:1>", [ANYBODYS, FIRSTS], "first's"),
        ("<urn:2>", [FIRSTS, ANYBODYS], "anybody's"),
        ("<urn:1>", [], None),
    ],
)
def test_an_upload_is_its_instances_or_the_next_phones(
    instance: str, uploads: list[Upload], expected: str | None
) -> None:
    assert joined(silent(instance), uploads=uploads) == [expected]


@pytest.mark.parametrize(
    "said",
    [
        contact(push=fcm("own")),
        contact(is_query=True),
        contact(expires=0.0),
    ],
)
def test_who_says_something_of_push_or_goes_is_left_alone(said: ContactUpdate) -> None:
    op = register(said)
    assert with_uploads(op, [ANYBODYS], ()) == op


def test_an_upload_of_nobody_in_particular_is_one_phones() -> None:
    assert joined(silent(), silent("<urn:2>", "a2"), uploads=[ANYBODYS]) == ["anybody's", None]
    assert joined(silent("<urn:1>"), silent("<urn:1>", "a2"), uploads=[FIRSTS]) == ["first's", "first's"]


@pytest.mark.parametrize(
    ("holder", "since", "ends", "instance", "expected"),
    [
        ("<urn:1>", 0.5, 900.0, "<urn:1>", "anybody's"),  # it registers again
        ("<urn:1>", 0.5, 900.0, "<urn:2>", None),  # another phone of the account
        ("<urn:1>", 0.5, 900.0, "", None),
        ("", 0.5, 900.0, "", "anybody's"),
        ("", 0.5, 900.0, "<urn:2>", None),
        ("<urn:1>", 0.0, 900.0, "<urn:2>", "anybody's"),  # it got it with the upload, and has not come since
        ("<urn:1>", 0.5, 0.25, "<urn:2>", "anybody's"),  # it is bound no more
    ],
)
def test_a_phone_that_has_it_keeps_it(
    holder: str, since: float, ends: float, instance: str, expected: str | None
) -> None:
    known = binding("b1", instance=holder, push=ANYBODYS.push, wall=NOW + since, expires=ends)
    others = binding("b2", instance="<urn:9>", push=fcm("own"), wall=NOW + 0.5)
    assert joined(silent(instance), uploads=[ANYBODYS], bindings=(known, others)) == [expected]


@pytest.mark.parametrize(
    ("push", "refresh_at"), [(fcm("x"), TERMS.refresh_at), (apns(voip="v"), None), (webpush("https://x/"), None)]
)
def test_it_is_bound_as_if_the_contact_had_carried_it(push: PushTarget, refresh_at: float | None) -> None:
    given = silent("<urn:1>")
    (found,) = with_uploads(register(given), [upload("<urn:1>", push=push)], ()).contacts
    assert found == replace(given, push=push, expires=TERMS.expires, refresh_at=refresh_at, uploaded=None)


# ---- at once

FIRST, SECOND, PUSHED = (
    binding("a1", instance="<urn:1>"),
    binding("a2", instance="<urn:2>"),
    binding("a3", instance="<urn:3>", push=fcm("own")),
)
ONE_FLOW, OTHER_FLOW = FIRST, replace(FIRST, id="a4", first="a1", reg_id=2)


@pytest.mark.parametrize(
    ("instance", "bindings", "takers"),
    [
        ("<urn:1>", [FIRST, SECOND, PUSHED], ["a1"]),
        ("<urn:3>", [FIRST, SECOND, PUSHED], []),  # its own word counts
        ("<urn:4>", [FIRST], []),
        ("", [FIRST, PUSHED], ["a1"]),
        ("", [FIRST, SECOND, PUSHED], []),  # whose is it? The next REGISTER tells.
        ("", [PUSHED], []),
        ("", [ONE_FLOW, OTHER_FLOW], ["a1", "a4"]),
        ("", [replace(FIRST, expires_at=NOW), SECOND], ["a2"]),
        ("", [], []),
    ],
)
def test_a_phone_that_is_bound_need_not_register_again(
    instance: str, bindings: list[Binding], takers: list[str]
) -> None:
    new = upload(instance)
    found = bound_at_once(new, None, bindings)
    assert [(known.id, known.push) for known in found] == [(taker, new.push) for taker in takers]


@pytest.mark.parametrize(("instance", "other"), [("", []), ("<urn:1>", [])])
def test_a_token_that_has_changed_reaches_who_had_the_old_one(instance: str, other: list[Binding]) -> None:
    old, new = upload(instance, push=fcm("old")), upload(instance, push=fcm("new"))
    holder = replace(FIRST, push=old.push)
    assert [known.id for known in bound_at_once(new, old, [holder, SECOND, PUSHED, *other])] == ["a1"]
    assert bound_at_once(replace(new, instance="<urn:2>"), old, [holder]) == []


@pytest.mark.parametrize(
    ("push", "known", "expected"),
    [
        (fcm("x"), None, NOW + 3600 - SOON),
        (fcm("x"), NOW + 60, NOW + 60),
        (apns(voip="v"), None, None),
        (apns(voip="v"), NOW + 60, None),
    ],
)
def test_its_short_binding_is_renewed_in_time(push: PushTarget, known: float | None, expected: float | None) -> None:
    (found,) = bound_at_once(upload(push=push), None, [replace(FIRST, refresh_at=known)])
    assert (found.refresh_at, found.dead_token) == (expected, None)


def test_a_binding_that_is_nearly_over_is_renewed_now() -> None:
    (found,) = bound_at_once(upload(), None, [replace(FIRST, expires_at=NOW + SOON / 2)])
    assert found.refresh_at == NOW


@pytest.mark.parametrize(
    ("instance", "known", "is_doubted_then"),
    [
        ("<urn:1>", binding("b1", aor=BOB, instance="<urn:2>", push=fcm("t")), True),
        ("", binding("b1", aor=BOB, instance="<urn:2>", push=fcm("t")), True),
        ("<urn:2>", binding("b1", aor=BOB, instance="<urn:2>", push=fcm("t")), False),
        ("<urn:1>", binding("b1", instance="<urn:2>", push=fcm("t")), False),
        ("<urn:1>", binding("b1", aor=BOB, instance="<urn:2>", push=fcm("u")), False),
    ],
    ids=["another phone", "who knows", "the same phone", "the same account", "another token"],
)
def test_a_token_of_another_phone_is_doubted(instance: str, known: Binding, is_doubted_then: bool) -> None:
    assert is_doubted(upload(instance, push=fcm("t")), [known]) is is_doubted_then
