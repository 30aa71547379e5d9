"""Claims about a REGISTER that a PBX decides: what it has granted, and what the phone is told."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from tests.support.ids import SeededIds
from tests.support.sip_messages import LOCAL, PEER, received_response, request

from ringwake.model.account import Account, Aor
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.store_ops import ContactUpdate, PushTerms, Registered
from ringwake.model.tenant import Tenant
from ringwake.registrar.passing import LEAST, judged, named, passed_on
from ringwake.registrar.rules import ExpiryPolicy, Plan, Registrar
from ringwake.secret import Secret
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.message import Response
from ringwake.sip.replies import reply
from ringwake.store.directory import MemoryDirectory
from ringwake.store.keys import KeyRing
from ringwake.store.memory import MemoryStore

TENANT, WALL = "example.com", 1_800_000_000.0
TLS = Flow(Transport.TLS, LOCAL, PEER, serial=1, node="n1")
TOKEN = "cX3-_dD:APA91b"
PUSH = f";pn-provider=fcm;pn-param=demo;pn-prid={TOKEN}"
PHONE = f'<sip:a@192.0.2.9:5{PUSH}>;+sip.instance="<urn:uuid:1>";q=0.5'
STRIPPED = '<sip:a@192.0.2.9:5>;+sip.instance="<urn:uuid:1>";q=0.5'
SEAL = KeyRing([Secret(b"k" * 32)])
DIRECTORY = MemoryDirectory(
    [Tenant(domain=TENANT)], [App(key=AppKey(Provider.FCM, "demo"), tenant=TENANT, show_caller=True)], []
)
ALICE = Account.guest(Aor("alice@example.com"), TENANT)
REGISTER = request("REGISTER", uri="sip:example.com")


def planned(*contacts: str, expires: int | None = None) -> Plan:
    """Return what a REGISTER with these Contacts asks for."""
    registrar = Registrar(
        directory=DIRECTORY, ids=SeededIds(Random(1)), policy=ExpiryPolicy(), refresh_after=lambda _, grant: grant / 2
    )
    fields = [f"Contact: {contact}" for contact in contacts]
    fields += [] if expires is None else [f"Expires: {expires}"]
    made = registrar.passing().plan(request("REGISTER", *fields, uri="sip:example.com"), ALICE, TLS, WALL - 1)
    assert isinstance(made, Plan), made
    return made


def ok(*contacts: str, expires: int | None = None, more: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return the PBX's 200."""
    fields = [("contact", contact) for contact in contacts] + list(more)
    fields += [] if expires is None else [("expires", str(expires))]
    return received_response(reply(REGISTER, 200, to_tag="pbx", headers=fields).encode())


def granted(plan: Plan, answer: Response) -> list[float]:
    """Return the seconds that each Contact gets."""
    after = judged(plan, answer, lambda _, grant: grant / 2, WALL)
    return [update.expires for update in after.op.contacts]


def told(plan: Plan, answer: Response) -> Response:
    """Bind what the PBX has granted, and return what the phone is told."""
    after = judged(plan, answer, lambda _, grant: grant / 2, WALL)
    done: list[object] = []
    MemoryStore().submit(after.op, done.append)
    assert isinstance(done[0], Registered)
    return passed_on(answer, after, done[0], lambda binding: f"purr-of-{binding.id[:2]}")


# ---- what the PBX has granted


def test_what_a_phone_asks_for_is_neither_raised_nor_cut() -> None:
    assert [update.expires for update in planned(PHONE, expires=7200).op.contacts] == [7200]
    assert [update.expires for update in planned("<sip:a@h>", expires=17).op.contacts] == [17]


@pytest.mark.parametrize(
    ("contacts", "header", "seconds"),
    [
        ([f"{STRIPPED};expires=86400"], None, 86400),
        ([f"{STRIPPED};expires=60"], 86400, 60),
        ([STRIPPED], 5000, 5000),
        ([STRIPPED], None, 7200),  # it says nothing, so it has granted what was asked for (section 10.2.4)
        (['<sip:other@h>;+sip.instance="<urn:uuid:1>";expires=99'], None, 99),
        (["<sip:b@h>;expires=1", f"{STRIPPED};expires=86400"], None, 86400),
        (["<sip:b@h>;expires=1", "<sip:c@h>;expires=2"], None, 0),
        (["<sip:a@203.0.113.1:999>;expires=3601"], None, 3601),  # rewritten on the way
        ([], 5000, 5000),
        ([], None, 7200),
        (["<sip:broken"], None, 7200),
        (["<sip:broken", f"{STRIPPED};expires=86400"], None, 86400),
        (["<tel:+1>;expires=5", f"{STRIPPED};expires=86400"], None, 86400),
        ([f"{STRIPPED};expires=soon"], 5000, 5000),
    ],
)
def test_the_pbx_says_for_how_long(contacts: list[str], header: int | None, seconds: int) -> None:
    assert granted(planned(PHONE, expires=7200), ok(*contacts, expires=header)) == [seconds]


def test_of_two_contacts_that_is_bound_which_the_pbx_lists() -> None:
    """One that the PBX leaves out is not mistaken for the other one, rewritten."""
    plan = planned("<sip:a@h>", "<sip:b@h>", expires=600)
    answer = ok("<sip:b@h>;expires=300")
    assert granted(plan, answer) == [0, 300]
    assert told(plan, answer).headers.values("contact") == ["<sip:b@h>;expires=300"]


def test_what_the_phone_takes_away_stays_away() -> None:
    plan = planned(f"{PHONE};expires=0", "<sip:b@h>;expires=600")
    answer = ok("<sip:b@h>;expires=600")
    assert granted(plan, answer) == [0, 600]
    assert told(plan, answer).headers.values("contact") == ["<sip:b@h>;expires=600"]


def test_to_leave_altogether_needs_no_grant() -> None:
    plan = planned("*", expires=0)
    after = judged(plan, ok(), lambda _, grant: grant / 2, WALL)
    assert (after.op.remove_all, after.op.contacts, after.contacts) == (True, (), ())


def test_the_binding_counts_from_the_answer_of_the_pbx() -> None:
    after = judged(planned(PHONE, expires=86400), ok(f"{STRIPPED};expires=86400"), lambda _, grant: grant / 2, WALL)
    (update,) = after.op.contacts
    assert (after.op.wall, update.refresh_at) == (WALL, WALL + 43200)


def test_a_phone_without_silent_pushes_has_no_date_for_one() -> None:
    after = judged(planned(PHONE, expires=86400), ok(f"{STRIPPED};expires=86400"), lambda *_: None, WALL)
    assert after.op.contacts[0].refresh_at is None


# ---- what is promised


@pytest.mark.parametrize(("seconds", "is_woken"), [(LEAST, True), (LEAST - 1, False), (60, False)])
def test_under_an_hour_no_push_is_promised(seconds: int, is_woken: bool) -> None:
    plan, answer = planned(PHONE, expires=7200), ok(f"{STRIPPED};expires={seconds}")
    after = judged(plan, answer, lambda _, grant: grant / 2, WALL)
    assert (after.op.contacts[0].push is not None, after.op.contacts[0].refresh_at is not None) == (is_woken,) * 2
    capabilities = told(plan, answer).headers.values("feature-caps")
    assert capabilities == ([f'*;+sip.pns="fcm";+sip.pnspurr="purr-of-{after.op.contacts[0].new_id[:2]}"'] * is_woken)


@pytest.mark.parametrize(("seconds", "is_woken"), [(LEAST, True), (LEAST - 1, False)])
def test_under_an_hour_an_uploaded_token_does_not_help_either(seconds: int, is_woken: bool) -> None:
    answer = ok(f"<sip:a@h>;expires={seconds}")
    after = judged(planned("<sip:a@h>", expires=7200), answer, lambda _, grant: grant / 2, WALL)
    # The PBX says how long also such a phone is bound, and so when it must be woken.
    terms = PushTerms(seconds, WALL + seconds / 2) if is_woken else None
    assert after.op.contacts[0].uploaded == terms
    none = judged(planned("<sip:a@h>", expires=7200), answer, lambda *_: None, WALL).op.contacts[0].uploaded
    assert none == (PushTerms(seconds, None) if is_woken else None)


# ---- what the phone is told


def test_the_phone_reads_its_own_contact_as_it_wrote_it() -> None:
    answer = told(
        planned(PHONE, expires=86400), ok("<sip:b@h>;expires=9", f"{STRIPPED};expires=86400", more=(("x-pbx", "1"),))
    )
    assert answer.headers.values("contact") == ["<sip:b@h>;expires=9", f"{PHONE};expires=86400"]
    assert (answer.headers.get("x-pbx"), answer.status) == ("1", 200)


def test_one_that_was_rewritten_on_the_way_is_the_phones_own() -> None:
    answer = told(planned(PHONE, expires=86400), ok("<sip:a@203.0.113.1:999>;expires=7200"))
    assert answer.headers.values("contact") == [f"{PHONE};expires=7200"]


def test_the_gruu_that_the_pbx_gives_stays() -> None:
    gruu = '"sip:alice@example.com;gr=1"'
    contact = f'{PHONE};pub-gruu="sip:stale";expires=600'
    answer = told(planned(contact), ok(f"{STRIPPED};pub-gruu={gruu};expires=86400"))
    assert answer.headers.values("contact") == [f"{PHONE};pub-gruu={gruu};expires=86400"]


def test_what_cannot_be_read_is_passed_on_as_it_came() -> None:
    answer = told(planned(PHONE, expires=86400), ok("<sip:broken", f"{STRIPPED};expires=86400"))
    assert answer.headers.texts("contact") == ["<sip:broken", f"{PHONE};expires=86400"]


def test_contacts_that_cannot_be_told_apart_are_passed_on_as_they_came() -> None:
    answer = told(planned(PHONE, expires=86400), ok('"not, closed <sip:a@h>', "<sip:b@h>"))
    assert answer.headers.texts("contact") == ['"not, closed <sip:a@h>', "<sip:b@h>"]


def test_the_answer_of_the_pbx_itself_stays_as_it_was() -> None:
    answer = ok(f"{STRIPPED};expires=86400")
    before = answer.encode()
    told(planned(PHONE, expires=86400), answer)
    assert answer.encode() == before


# ---- the name that stands in the Path


def name_of(contact: ContactUpdate, aor: str = "alice@example.com") -> str:
    return named(contact, aor, SEAL).new_id


def test_a_phone_has_one_name_whenever_it_comes() -> None:
    one, other = planned(PHONE).op.contacts[0], planned(PHONE.replace("192.0.2.9:5", "192.0.2.77:6")).op.contacts[0]
    assert one.new_id == other.new_id or one.uri != other.uri
    assert name_of(one) == name_of(other)
    assert len(name_of(one)) == 16
    assert named(one, "a", SEAL).is_named


def test_each_flow_of_a_phone_has_a_name_of_its_own() -> None:
    one = planned(PHONE).op.contacts[0]
    assert name_of(one) != name_of(replace(one, reg_id=2))


def test_phones_and_accounts_do_not_share_names() -> None:
    one = planned(PHONE).op.contacts[0]
    assert name_of(one) != name_of(one, "bob@example.com")
    assert name_of(one) != name_of(planned(PHONE.replace("uuid:1", "uuid:2")).op.contacts[0])


def test_a_phone_without_an_instance_is_named_by_its_contact() -> None:
    one, other = planned("<sip:a@h>", "<sip:b@h>").op.contacts
    assert name_of(one) != name_of(other)
    assert name_of(one) == name_of(planned("<sip:a@h>").op.contacts[0])


def test_no_token_can_be_read_from_a_name() -> None:
    assert TOKEN not in name_of(planned(PHONE).op.contacts[0])
