"""What a REGISTER does to the bindings of its AOR."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.store.samples import FLOW, NOW, apns, binding, contact, fcm, register

from ringwake.model.account import Aor
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.push import Kind, PushTarget
from ringwake.model.store_ops import (
    ContactUpdate,
    OutOfOrder,
    Overreach,
    Register,
    SharedToken,
    StrangeToken,
    TooManyAccounts,
)
from ringwake.model.token_claims import Challenged, TokenClaims, TokenProof
from ringwake.model.wakes import NEVER, Wake, Wakes
from ringwake.registrar.merge import MAX_BINDINGS, Merged, is_same, merge
from ringwake.registrar.token_claim import MAX_ACCOUNTS

PHONE, REINSTALLED = "<urn:uuid:0001>", "<urn:uuid:0002>"


def merged(current: list[Binding], op: Register) -> Merged:
    result = merge(current, op)
    assert isinstance(result, Merged)
    return result


def ids(bindings: tuple[Binding, ...]) -> list[str]:
    return [known.id for known in bindings]


def test_a_first_register_binds() -> None:
    asked = contact("a1", params=";q=0.5", instance=PHONE, reg_id=1, push=fcm("t"), refresh_at=NOW + 60)
    result = merged([], register(asked, cseq=4, user_agent="app/1"))
    assert result == Merged(result.touched, result.touched, ())
    bound = result.touched[0]
    assert (bound.id, bound.uri, bound.params, bound.instance, bound.reg_id) == (
        "a1",
        asked.uri,
        ";q=0.5",
        PHONE,
        1,
    )
    assert (bound.call_id, bound.cseq, bound.flow, bound.user_agent) == ("reg@198.51.100.7", 4, FLOW, "app/1")
    assert (bound.push, bound.refresh_at, bound.refresh_tries) == (fcm("t"), NOW + 60, 0)
    assert (bound.registered_at, bound.expires_at) == (NOW, NOW + 3600)


def test_a_refresh_keeps_the_id_and_clears_the_tries() -> None:
    known = binding("a1", refresh_at=NOW + 9)
    result = merged([known], register(contact("new", uri=known.uri), cseq=2, wall=NOW + 5))
    assert ids(result.bindings) == ids(result.touched) == ["a1"]
    assert result.removed == ()
    assert (result.touched[0].cseq, result.touched[0].expires_at) == (2, NOW + 3605)


def test_without_contacts_nothing_changes() -> None:
    known = binding("a1")
    assert merged([known], register()) == Merged((known,), (), ())


def test_expired_bindings_are_not_there() -> None:
    over = binding("a1", expires=10)
    assert merged([over], register(wall=NOW + 10)) == Merged((), (), ())
    # Not even their CSeq counts.
    assert ids(merged([over], register(contact("a2", uri=over.uri), wall=NOW + 10)).touched) == ["a2"]


def test_linphones_new_port_is_the_same_phone_by_its_instance() -> None:
    known = binding("a1", uri="sip:alice@198.51.100.7:40001;transport=tls", instance=PHONE)
    moved = contact("a2", uri="sip:alice@198.51.100.7:51777;transport=tls", instance=PHONE)
    result = merged([known], register(moved, cseq=2))
    assert ids(result.bindings) == ["a1"]
    assert result.bindings[0].uri == moved.uri


def test_a_second_flow_of_one_phone_is_another_binding() -> None:
    known = binding("a1", instance=PHONE, reg_id=1)
    result = merged([known], register(contact("a2", instance=PHONE, reg_id=2), cseq=2))
    assert ids(result.bindings) == ["a1", "a2"]
    assert ids(result.touched) == ["a2"]


def test_two_flows_of_one_phone_are_two_bindings_though_they_share_a_token() -> None:  # O21
    known = binding("a1", instance=PHONE, reg_id=1, push=fcm("t"))
    second = contact("a2", uri=known.uri, instance=PHONE, reg_id=2, push=fcm("t"))
    result = merged([known], register(second, call_id="second"))
    assert ids(result.bindings) == ["a1", "a2"]
    assert [flow.phone for flow in result.bindings] == ["a1", "a1"]
    # A third one, after the first has gone, is of the same phone; a refresh stays of it.
    third = contact("a3", instance=PHONE, reg_id=3)
    again = merged([result.touched[0]], register(third, replace(second, new_id="a4"), call_id="third"))
    assert [(flow.id, flow.phone) for flow in again.bindings] == [("a3", "a1"), ("a2", "a1")]


def test_flows_of_other_phones_are_no_flows_of_this_one() -> None:
    others = [binding("a1"), binding("a2", instance=REINSTALLED, reg_id=1)]
    for new in (contact("a3", instance=PHONE, reg_id=1), contact("a3", reg_id=1)):
        assert merged(others, register(new, call_id="new")).touched[0].phone == "a3"


def test_a_phone_that_has_learned_of_flows_keeps_its_binding_by_its_token() -> None:
    known = binding("a1", instance=PHONE, push=fcm("t"))
    for new in (contact("a2", instance=PHONE, reg_id=1, push=fcm("t")), contact("a2", instance=PHONE, reg_id=1)):
        result = merged([known], register(new, call_id="new"))
        assert [flow.phone for flow in result.touched] == ["a1"]
        assert ids(result.touched) == (["a1"] if new.push else ["a2"])


@pytest.mark.parametrize("expires", [3600.0, 0.0])
def test_a_flow_is_known_by_its_number_and_not_by_its_uri(expires: float) -> None:  # O21
    first, second = (binding(f"a{n}", uri=f"sip:a@h:{n}", instance=PHONE, reg_id=n) for n in (1, 2))
    crossed = contact("n", uri=second.uri, instance=PHONE, reg_id=1, expires=expires)
    result = merged([first, second], register(crossed, cseq=2))
    assert sorted(ids(result.bindings)) == (["a1", "a2"] if expires else ["a2"])
    assert second in result.bindings


def test_the_path_and_the_flow_are_those_of_the_last_register() -> None:  # O23, PA6
    path = ("<sip:core;lr>", "<sip:edge;lr;ob>")
    known = merged([], register(contact("a1", instance=PHONE, reg_id=1), path=path)).touched[0]
    assert (known.path, known.flow) == (path, FLOW)
    moved = FLOW._replace(serial=8)
    again = merged([known], register(contact("n", instance=PHONE, reg_id=1), cseq=2, flow=moved)).touched[0]
    assert (again.id, again.path, again.flow) == ("a1", (), moved)


def test_a_reg_id_without_an_instance_says_nothing() -> None:
    known = binding("a1", reg_id=1)  # RFC 5626 section 6
    result = merged([known], register(contact("a2", uri=known.uri, reg_id=2), cseq=2))
    assert ids(result.bindings) == ["a1"]


def test_a_reinstalled_app_with_the_old_token_is_the_same_phone() -> None:
    known = binding("a1", instance=PHONE, push=fcm("token"))
    again = contact("a2", uri="sip:other@203.0.113.4", instance=REINSTALLED, push=fcm("token"))
    result = merged([known], register(again, call_id="new", cseq=1))
    assert ids(result.bindings) == ["a1"]
    assert result.bindings[0].instance == REINSTALLED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (apns(voip="v", remote="r"), apns(voip="v", remote="r2")),
        (apns(voip="v", remote="r"), apns(voip="v2", remote="r")),
    ],
)
def test_one_token_in_common_is_enough(old: PushTarget, new: PushTarget) -> None:
    known = binding("a1", instance=PHONE, push=old)
    result = merged([known], register(contact("a2", instance=REINSTALLED, push=new), call_id="new"))
    assert ids(result.bindings) == ["a1"]
    assert result.bindings[0].push == new


def test_the_old_token_of_another_app_is_another_phone() -> None:
    known = binding("a1", instance=PHONE, push=apns(voip="same"))
    result = merged([known], register(contact("a2", instance=REINSTALLED, push=fcm("same")), call_id="new"))
    assert ids(result.bindings) == ["a1", "a2"]


def test_a_contact_that_matches_two_bindings_makes_them_one() -> None:
    by_instance = binding("a1", instance=PHONE)
    by_token = binding("a2", instance=REINSTALLED, push=fcm("t"))
    result = merged([by_instance, by_token], register(contact("a3", instance=PHONE, push=fcm("t")), cseq=2))
    assert ids(result.bindings) == ["a1"]
    assert result.removed == (by_token,)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("sip:alice@198.51.100.7", "sip:alice@198.51.100.7", True),
        ("sip:alice@example.com", "sip:alice@EXAMPLE.com", True),
        ("sip:alice@198.51.100.7:5060", "sip:alice@198.51.100.7:5061", False),
        ("sip:no uri", "sip:alice@example.com", False),
        ("sip:no uri", "sip:no uri", True),
    ],
)
def test_without_instance_and_token_the_uris_are_compared(old: str, new: str, expected: bool) -> None:
    assert is_same(binding(uri=old), contact(uri=new)) is expected


@pytest.mark.parametrize(
    ("instance", "expected"),
    [("", True), (PHONE, False), (REINSTALLED, False)],
    ids=["no instance", "the same one's other flow", "another one"],
)
def test_one_address_may_have_two_phones_or_two_flows_behind_it(instance: str, expected: bool) -> None:
    known = binding(uri="sip:a@nat.example", instance=PHONE, reg_id=1)
    assert is_same(known, contact(uri=known.uri, instance=instance)) is expected


def test_expires_0_removes_only_that_contact() -> None:
    first, second = binding("a1"), binding("a2")
    result = merged([first, second], register(contact("x", uri=first.uri, expires=0.0), cseq=2))
    assert (ids(result.bindings), result.touched, result.removed) == (["a2"], (), (first,))


def test_removing_what_is_not_there_is_no_error() -> None:
    known = binding("a1")
    result = merged([known], register(contact("x", expires=0.0), cseq=2))
    assert result == Merged((known,), (), ())


def test_the_star_removes_all() -> None:
    first, second = binding("a1"), binding("a2", call_id="other", cseq=9)
    result = merged([first, second], register(cseq=2, remove_all=True))
    assert result == Merged((), (), (first, second))


@pytest.mark.parametrize("cseq", [4, 5])
@pytest.mark.parametrize(
    ("contacts", "star"),
    [
        ((contact("n", uri="sip:a1@198.51.100.7:40001;transport=tls"),), False),
        ((contact("n", uri="sip:a1@198.51.100.7:40001;transport=tls", expires=0.0),), False),
        ((contact("b"), contact("n", uri="sip:a1@198.51.100.7:40001;transport=tls")), False),
        ((), True),
    ],
)
def test_a_cseq_that_is_not_higher_changes_nothing(cseq: int, contacts: tuple[ContactUpdate, ...], star: bool) -> None:
    known = binding("a1", cseq=5)
    assert merge([known], register(*contacts, cseq=cseq, remove_all=star)) == OutOfOrder()
    another = register(*contacts, cseq=cseq, remove_all=star, call_id="rebooted")
    assert isinstance(merge([known], another), Merged)


def test_a_stale_cseq_matters_only_for_bindings_that_are_named() -> None:
    known = binding("a1", cseq=5)
    assert ids(merged([known], register(contact("a2"), cseq=3)).bindings) == ["a1", "a2"]


def test_two_contacts_for_one_binding_touch_it_once() -> None:
    result = merged([], register(contact("a1", instance=PHONE), contact("a2", uri="sip:b@h", instance=PHONE)))
    assert ids(result.bindings) == ids(result.touched) == ["a1"]
    assert result.bindings[0].uri == "sip:b@h"


def test_a_contact_that_is_bound_and_removed_at_once_is_gone() -> None:
    result = merged([], register(contact("a1", uri="sip:a@h"), contact("a2", uri="sip:a@h", expires=0.0)))
    assert result == Merged((), (), ())


def test_the_eleventh_phone_takes_the_place_of_the_oldest() -> None:
    known = [binding(f"a{n}", wall=NOW + (n - 5) % MAX_BINDINGS) for n in range(MAX_BINDINGS)]
    result = merged(known, register(contact("new", instance=PHONE), cseq=2, wall=NOW + 20))
    assert result.removed == (known[5],)
    assert len(result.bindings) == MAX_BINDINGS
    assert ids(result.touched) == ["new"]


def test_what_this_register_binds_goes_last_even_if_the_clock_went_back() -> None:
    known = [binding(f"a{n}", wall=NOW + n) for n in range(MAX_BINDINGS)]
    result = merged(known, register(contact("new"), call_id="c", wall=NOW - 20))
    assert ids(result.removed) == ["a0"]
    assert ids(result.touched) == ["new"]


def test_of_too_many_contacts_the_last_stay() -> None:
    contacts = [contact(f"a{n}") for n in range(MAX_BINDINGS + 2)]
    result = merged([], register(*contacts))
    assert ids(result.touched) == [f"a{n}" for n in range(2, MAX_BINDINGS + 2)]


def test_a_query_keeps_the_push_data() -> None:
    known = binding("a1", push=fcm("t"), refresh_at=NOW + 60)
    result = merged([known], register(contact("n", uri=known.uri, is_query=True), cseq=2))
    assert result.touched[0].push == fcm("t")
    assert merged([], register(contact("n", is_query=True))).touched[0].push is None


def test_a_register_without_push_data_takes_it_away() -> None:
    known = binding("a1", push=fcm("t"), refresh_at=NOW + 60)
    bound = merged([known], register(contact("n", uri=known.uri, refresh_at=NOW + 60), cseq=2)).touched[0]
    assert (bound.push, bound.refresh_at) == (None, None)


# ---- who may refresh one binding, and no more


def test_who_may_refresh_one_binding_may_do_that() -> None:
    known = replace(binding("a1", push=fcm("t")), instance=PHONE)
    for instance in (PHONE, REINSTALLED):
        result = merged([known], register(contact(instance=instance, push=fcm("t")), cseq=2, only="a1"))
        assert ids(result.bindings) == ids(result.touched) == ["a1"]


@pytest.mark.parametrize(
    "asked",
    [
        register(cseq=2),
        register(cseq=2, remove_all=True),
        register(contact(push=fcm("t"), expires=0.0), cseq=2),
        register(contact(push=fcm("t")), contact(uri="sip:more@h"), cseq=2),
        register(contact(push=fcm("another")), cseq=2),
        register(contact(uri="sip:a1@198.51.100.7:40001;transport=tls"), cseq=2),
        register(contact(uri="sip:a1@198.51.100.7:40001;transport=tls", push=apns(voip="t", remote="mine")), cseq=2),
        register(contact(uri="sip:a1@198.51.100.7:40001;transport=tls", is_query=True), cseq=2),
        register(contact(instance=REINSTALLED, push=fcm("t")), cseq=2),
    ],
    ids=["nothing", "star", "goes", "two", "other token", "no token", "one more token", "query", "another's place"],
)
def test_who_may_refresh_one_binding_may_do_nothing_else(asked: Register) -> None:
    known = [binding("a1", push=fcm("t")), replace(binding("a2", push=fcm("u")), instance=REINSTALLED)]
    assert isinstance(merge(known, asked), Merged)
    assert merge(known, replace(asked, only="a1")) == Overreach()


def test_a_binding_that_is_gone_is_not_made_again_by_who_may_only_refresh_it() -> None:
    asked = register(contact("n", push=fcm("t")), cseq=2, only="a1")
    over = replace(binding("a1", push=fcm("t")), expires_at=NOW)
    for left in ([], [over], [binding("a2", push=fcm("t"))]):
        assert merge(left, asked) == Overreach()


# ---- tokens that other accounts have too, and wakes


def peer(number: int, *, token: str = "t", **changes: object) -> Binding:
    fields: dict[str, object] = {"aor": Aor(f"user{number}@example.com"), "push": fcm(token), "instance": PHONE}
    return replace(binding(f"p{number}"), **{**fields, **changes})  # type: ignore[arg-type]  # fields of a binding


def test_a_token_of_too_many_accounts_is_refused_with_all_of_its_register() -> None:  # S6
    asked = register(contact("a1"), contact("a2", push=fcm("t"), instance=PHONE))
    full = [peer(number) for number in range(MAX_ACCOUNTS)]
    assert merge([], asked, full) == TooManyAccounts()
    assert isinstance(merge([], asked, full[1:]), Merged)
    over = [replace(each, expires_at=NOW) for each in full]
    assert isinstance(merge([], asked, over), Merged), "what has expired does not count"
    gone = register(contact("a2", push=fcm("t"), expires=0.0))
    assert isinstance(merge([], gone, full), Merged), "who goes may go"


def test_a_second_phone_with_the_token_is_told_of_once() -> None:  # S6
    asked = register(contact("a1", push=fcm("t"), instance=REINSTALLED))
    result = merge([], asked, [peer(1)])
    assert isinstance(result, Merged)
    assert result.shared == (SharedToken("a1", 2),)
    again = merge(result.bindings, replace(asked, cseq=2, wall=NOW + 1), [peer(1)])
    assert isinstance(again, Merged)
    assert again.shared == ()


def claiming(claims: TokenClaims, push: PushTarget | None = None, **given: object) -> Register:
    woken = (Wake(NOW, Kind.CALL),)
    asked = contact("a1", push=push or fcm("t"), instance=REINSTALLED, refresh_at=NOW + 9, woken=woken)
    return replace(register(asked), claims=claims, **given)  # type: ignore[arg-type]  # fields of a Register


def test_where_the_tenant_refuses_it_a_second_phone_gets_nothing() -> None:
    assert merge([], claiming(TokenClaims.REJECT), [peer(1)]) == StrangeToken()
    assert isinstance(merge([], claiming(TokenClaims.REJECT), [peer(1, instance=REINSTALLED)]), Merged)
    assert isinstance(merge([], claiming(TokenClaims.REJECT), []), Merged)
    gone = replace(claiming(TokenClaims.REJECT), contacts=(contact("a1", push=fcm("t"), expires=0.0),))
    assert isinstance(merge([], gone, [peer(1)]), Merged), "who goes may go"


def test_where_the_tenant_wants_proof_a_second_phone_has_no_push_until_then() -> None:
    known = peer(1, wakes=Wakes(5.0, Kind.CALL, call=3))
    result = merge([], claiming(TokenClaims.CHALLENGE), [known])
    assert isinstance(result, Merged)
    (bound,) = result.touched
    assert (bound.push, bound.refresh_at, bound.wakes) == (None, None, NEVER)
    assert (result.challenged, result.shared, result.peers) == ((Challenged("a1", fcm("t")),), (), ())
    proof = TokenProof("a1", fcm("t").lease, "ticket")
    proved = merge([bound], claiming(TokenClaims.CHALLENGE, cseq=2, proof=proof), [known])
    assert isinstance(proved, Merged)
    assert (proved.touched[0].push, proved.challenged) == (fcm("t"), ())
    assert proved.shared == (SharedToken("a1", 2),)
    again = merge(proved.bindings, claiming(TokenClaims.CHALLENGE, cseq=3), [known])
    assert isinstance(again, Merged)
    assert (again.touched[0].push, again.challenged) == (fcm("t"), ())


def test_what_cannot_be_proved_is_refused() -> None:
    voip = apns(voip="v")
    assert merge([], claiming(TokenClaims.CHALLENGE, voip), [peer(1, push=voip)]) == StrangeToken()


def test_wakes_are_counted_at_all_bindings_of_the_phone() -> None:
    second = replace(binding("a2", push=fcm("t")), instance=PHONE, reg_id=2, call_id="other")
    first = contact("a1", push=fcm("t"), instance=PHONE, reg_id=1, woken=(Wake(NOW - 5, Kind.CALL),))
    result = merge([second], register(first), [peer(1), peer(2, token="another")])
    assert isinstance(result, Merged)
    assert [(known.id, known.wakes.by_reason()) for known in result.bindings] == [
        ("a2", {"call": 1}),
        ("a1", {"call": 1}),
    ]
    assert [(known.id, known.wakes.by_reason()) for known in result.peers] == [("p1", {"call": 1})]
    third = merge(result.bindings, replace(register(first), cseq=2, wall=NOW + 1), result.peers)
    assert isinstance(third, Merged)
    assert third.peers == (), "they know it already"


def test_a_dead_token_is_remembered_until_another_comes() -> None:
    dead = replace(binding("a1"), instance=PHONE, dead_token=Provider.FCM)
    still = merged([dead], register(contact("x", instance=PHONE), cseq=2))
    assert [known.dead_token for known in still.bindings] == [Provider.FCM]
    alive = merged([dead], register(contact("x", instance=PHONE, push=fcm("new")), cseq=2))
    assert [known.dead_token for known in alive.bindings] == [None]


@pytest.mark.parametrize("instance", [PHONE, REINSTALLED], ids=["refreshed", "reinstalled"])
def test_a_phone_that_was_woken_counts_it_at_its_own_binding(instance: str) -> None:
    known = binding("a1", instance=PHONE, push=fcm("t"))
    again = contact("x", instance=instance, push=fcm("t"), woken=(Wake(NOW - 5, Kind.REFRESH),))
    result = merged([known], register(again, cseq=2, wall=NOW + 1))
    (bound,) = result.touched
    assert (bound.id, bound.cseq, bound.wakes.by_reason()) == ("a1", 2, {"refresh": 1})
    assert result.bindings == (bound,)


def test_a_binding_whose_name_a_pbx_was_given_has_that_name() -> None:
    """It stands in the Path already; another binding of the same phone gives way."""
    known = binding("a1", push=fcm("t"))
    asked = replace(contact("named", uri="sip:other@198.51.100.7", push=fcm("t")), is_named=True)
    result = merged([known], register(asked, cseq=2))
    assert ids(result.bindings) == ids(result.touched) == ["named"]
    assert ids(result.removed) == ["a1"]


def test_a_refresh_keeps_a_given_name() -> None:
    asked = replace(contact("named"), is_named=True)
    (known,) = merged([], register(asked)).bindings
    assert ids(merged([known], register(asked, cseq=2)).bindings) == ["named"]
