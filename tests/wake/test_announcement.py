"""Claims about what a push says: enough to ring, the same each time, and no word of the caller unless allowed."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.sip_messages import octets, received_request
from tests.wake.phones import (
    ANDROID_APP,
    AOR,
    IPHONE_APP,
    SEAL,
    WALL,
    account,
    android,
    app,
    binding,
    browser,
    iphone,
    target,
    voip_only,
)

from ringwake.model.account import Account
from ringwake.model.app import App, AppKey
from ringwake.model.push import Alert, Kind, Push, PushTarget, Service
from ringwake.model.settings import AlertStyle, DeviceSettings, OwnNotifications
from ringwake.model.template import Template
from ringwake.model.texts import MEMBERS, OURS
from ringwake.model.wakes import WAKING
from ringwake.registrar.ticket import Ticket, Tickets
from ringwake.secret import Secret
from ringwake.sip.errors import ParseError
from ringwake.sip.message import Request
from ringwake.store.keys import KeyRing
from ringwake.wake.actions import ActionLinks
from ringwake.wake.announcement import ATTEMPT_SECONDS, Announcement, account_hash, announcement, call_uuid, identity

BOSS = '"The Boss" <sip:boss@example.com;x=1>;tag=b1'
NONE, GERMAN = AlertStyle.NONE, ("Annehmen", "Ablehnen")
ALERTING = (Kind.CALL, Kind.MESSAGE, Kind.MISSED)


def invite(sender: str = BOSS, call_id: str = "call-1@h", seq: str = "1 INVITE") -> Request:
    fields = (f"From: {sender}", f"To: <sip:{AOR}>", f"Call-ID: {call_id}", f"CSeq: {seq}", "Via: SIP/2.0/UDP h")
    return received_request(octets(f"INVITE sip:{AOR} SIP/2.0", *fields))


def announced(
    request: Request | None = None, *, show_caller: bool = False, owner: Account | None = None
) -> Announcement:
    def find_app(key: AppKey) -> App | None:
        return app(key, show_caller=show_caller) if key == ANDROID_APP else None

    return announcement(request or invite(), owner or account(), seal=SEAL, find_app=find_app)


def push(made: Announcement, kind: Kind = Kind.CALL, to: PushTarget | None = None, *, seq: int = 0) -> Push:
    found = made.push(kind, binding(push=to or android()), seq=seq, wall=WALL, until=WALL + 20)
    assert found is not None
    return found


# ---- what it is about


def test_a_push_tells_which_call_for_which_account_and_until_when() -> None:
    made = push(announced(), seq=3)
    notice = made.notice
    assert (notice.kind, notice.call_id, notice.seq) == (Kind.CALL, "call-1@h", 3)
    assert (notice.account, notice.deadline_ms) == (account_hash(AOR), 20_000)
    assert (made.service, made.expires_at, made.timeout) == (Service.ONLY, WALL + 20, ATTEMPT_SECONDS)
    assert made.token.reveal() == "token-of-a"


def test_only_pushes_that_wake_carry_a_ticket_and_only_where_tickets_are_wanted() -> None:
    tickets = Tickets(SEAL, "life")
    made = replace(announced(), tickets=tickets)
    for kind in Kind:
        ticket = tickets.read(push(made, kind).notice.ticket, wall=WALL)
        assert isinstance(ticket, Ticket) is (kind in (*WAKING, Kind.VOICEMAIL))
        assert push(announced(), kind).notice.ticket == ""
    ticket = tickets.read(push(made).notice.ticket, wall=WALL)
    assert isinstance(ticket, Ticket)
    assert (ticket.aor, ticket.binding, ticket.expires_at) == (AOR, "a", WALL + 20)
    assert ticket.is_for(android())
    assert ticket.id == push(made).notice.id


def test_a_ticket_is_not_shown() -> None:
    shown = repr(push(replace(announced(), tickets=Tickets(SEAL, "life"))))
    assert "ticket" not in shown


def test_a_phone_without_a_token_is_not_pushed_to() -> None:
    assert announced().push(Kind.CALL, binding(push=None), seq=0, wall=WALL, until=WALL) is None


def test_a_deadline_is_never_below_zero() -> None:
    late = announced().push(Kind.CALL, binding(), seq=0, wall=WALL + 30, until=WALL + 20)
    assert late is not None
    assert late.notice.deadline_ms == 0


@pytest.mark.parametrize(
    ("kind", "target", "service"),
    [
        (Kind.CALL, iphone(), Service.VOIP),
        (Kind.CANCEL, iphone(), Service.REMOTE),
        (Kind.MISSED, voip_only(), None),
        (Kind.REFRESH, browser(), None),
        (Kind.MESSAGE, browser(), Service.ONLY),
    ],
)
def test_a_push_takes_the_token_of_its_kind_or_is_not_sent(
    kind: Kind, target: PushTarget, service: Service | None
) -> None:
    found = announced().push(kind, binding(push=target), seq=0, wall=WALL, until=WALL)
    assert (None if found is None else found.service) is service


# ---- its names


def test_a_repeat_has_the_same_id_over_retries_and_restarts() -> None:
    first, retry = push(announced()), push(announced(), seq=5)
    assert first.notice.id == retry.notice.id
    assert re.fullmatch("[0-9a-f]{32}", first.notice.id)
    restarted = announcement(invite(), account(), seal=KeyRing([Secret(b"k" * 32)]), find_app=lambda _: None)
    assert push(restarted).notice.id == first.notice.id


def test_each_phone_kind_and_request_has_an_id_of_its_own() -> None:
    ids = [
        push(announced()).notice.id,
        push(announced(), to=android("b")).notice.id,
        push(announced(), Kind.CANCEL).notice.id,
        push(announced(invite(call_id="call-2@h"))).notice.id,
        push(announced(invite(seq="2 INVITE"))).notice.id,
        push(announced(invite(BOSS.replace("b1", "b2")))).notice.id,
    ]
    assert len(set(ids)) == len(ids)


def test_who_does_not_know_our_key_cannot_guess_an_id() -> None:
    other = announcement(invite(), account(), seal=KeyRing([Secret(b"x" * 32)]), find_app=lambda _: None)
    assert push(other).notice.id != push(announced()).notice.id


def test_the_same_call_has_one_uuid_on_all_phones() -> None:
    uuids = {push(announced(), kind, target).notice.uuid for kind in ALERTING for target in (android(), browser())}
    assert uuids == {str(uuid.uuid5(uuid.NAMESPACE_URL, "call-1@h"))}


@given(call_id=st.text(st.characters(codec="utf-8")))
@settings(derandomize=True, deadline=None)
def test_a_calls_uuid_is_version_5_of_its_call_id(call_id: str) -> None:
    assert call_uuid(call_id) == str(uuid.uuid5(uuid.NAMESPACE_URL, call_id))


def test_octets_that_are_no_text_have_names_too() -> None:
    made = push(announced(invite(call_id="\udcff@h")))
    assert len({made.notice.uuid, call_uuid("\udcfe@h"), call_uuid("@h")}) == 3
    assert account_hash("\udcff@example.com") != account_hash("@example.com")
    assert re.fullmatch("[0-9a-f]{16}", account_hash(AOR))


def test_the_identity_of_a_request_is_its_call_id_from_tag_and_sequence() -> None:
    assert identity(invite()) == b"call-1@h\0b1\x001 INVITE"
    assert identity(invite('"Another name" <sip:other@h>;tag=b1')) == identity(invite())


@pytest.mark.parametrize("request_", [invite("<sip:a"), invite(seq="x")])
def test_a_request_without_an_identity_is_malformed(request_: Request) -> None:
    with pytest.raises(ParseError):
        announced(request_)


# ---- who it is from


def words(made: Push) -> str:
    return repr((made.notice, made.notice.alert)).lower()


@pytest.mark.parametrize("kind", list(Kind))
def test_without_leave_no_push_names_the_caller(kind: Kind) -> None:
    assert "boss" not in words(push(announced(), kind))
    # An application that is known no more has no leave either.
    known_no_more = announced(show_caller=True).push(kind, binding(push=iphone()), seq=0, wall=WALL, until=WALL)
    assert known_no_more is not None
    assert "boss" not in words(known_no_more)


def test_with_leave_a_push_names_the_caller() -> None:
    notice = push(announced(show_caller=True)).notice
    assert (notice.from_uri, notice.from_name) == ("sip:boss@example.com", "The Boss")


@pytest.mark.parametrize(
    ("sender", "uri", "name"),
    [
        ('"Boss" <sip:boss@example.com>', "sip:boss@example.com", "Boss"),
        ("<sip:boss@example.com;transport=tcp?x=y>", "sip:boss@example.com", "boss"),
        ("sip:boss@example.com;tag=1", "sip:boss@example.com", "boss"),
        ("<sip:b%6fss@example.com>", "sip:b%6fss@example.com", "boss"),
        ("<sip:boss:secret@example.com>", "sip:boss@example.com", "boss"),
        ("<sip:+1-212;phone-context=x@example.com>", "sip:+1-212;phone-context=x@example.com", "+1-212"),
        ("<sips:pbx.example.com:5061>", "sips:pbx.example.com:5061", "pbx.example.com:5061"),
        ("<tel:+12125551212;ext=5>", "tel:+12125551212", "+12125551212"),
        ('"\\\x07" <sip:boss@h>', "sip:boss@h", "boss"),
        ('"a\u202e\u2028b\udcff" <sip:boss@h>', "sip:boss@h", "ab"),
        (f'"{"x" * 200}" <sip:boss@h>', "sip:boss@h", "x" * 80),
        ("<sip:%00@h>", "sip:%00@h", "h"),
    ],
)
def test_a_caller_has_a_name_that_can_be_shown(sender: str, uri: str, name: str) -> None:
    notice = push(announced(invite(sender), show_caller=True)).notice
    assert (notice.from_uri, notice.from_name) == (uri, name)


def test_a_display_name_alone_is_none_where_the_caller_gave_none() -> None:
    assert announced(invite()).caller.display == "The Boss"
    assert announced(invite("<sip:boss@example.com>")).caller.display == ""


@pytest.mark.parametrize("show_caller", [False, True])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_push_has_the_members_that_its_application_asked_for(kind: Kind, *, show_caller: bool) -> None:
    extra = tuple((f"x-{place}", Template.read(f"{{{place}}}", MEMBERS)) for place in MEMBERS)
    called = replace(OURS.call, loc_key="IC_MSG", unnamed_loc_key="IC_NOBODY")
    asking = replace(app(show_caller=show_caller), texts=replace(OURS, call=called), extra=extra)
    made = push(announcement(invite(), account(), seal=SEAL, find_app=lambda _: asking), kind)
    assert dict(made.notice.extra) == {
        "x-kind": kind.value,
        "x-id": made.notice.id,
        "x-call_id": "call-1@h",
        "x-uuid": made.notice.uuid,
        "x-account": AOR,
        "x-loc_key": ("IC_MSG" if show_caller else "IC_NOBODY") if kind is Kind.CALL else "",
        "x-from_uri": "sip:boss@example.com" if show_caller else "",
        "x-from_name": "The Boss" if show_caller else "",
        "x-display": "The Boss" if show_caller else "",
    }


def test_an_application_that_asked_for_none_gets_none() -> None:
    assert push(announced()).notice.extra == ()


# ---- what is shown and heard


@pytest.mark.parametrize(
    ("kind", "shown", "hidden"),
    [
        (Kind.CALL, "The Boss calling", "Incoming call"),
        (Kind.MESSAGE, "Message from The Boss", "New message"),
        (Kind.MISSED, "Missed call from The Boss", "Missed call"),
        (Kind.CANCEL, None, None),
        (Kind.ELSEWHERE, None, None),
        (Kind.REFRESH, None, None),
    ],
)
def test_the_alert_says_what_happened(kind: Kind, shown: str | None, hidden: str | None) -> None:
    for show_caller, text in ((True, shown), (False, hidden)):
        alert = push(announced(show_caller=show_caller), kind).notice.alert
        assert (None if alert is None else alert.body) == text


def test_a_name_with_braces_is_only_a_name() -> None:
    alert = push(announced(invite('"{name.__class__}" <sip:b@h>'), show_caller=True)).notice.alert
    assert alert is not None
    assert alert.body == "{name.__class__} calling"


@pytest.mark.parametrize(
    ("own", "kind", "alert"),
    [
        ({}, Kind.CALL, Alert(title=AOR, body="Incoming call", sound="default", badge=3, category="INCOMING_CALL")),
        ({}, Kind.MISSED, Alert(title=AOR, body="Missed call", sound="default", badge=3)),
        ({"style": NONE}, Kind.MESSAGE, Alert(title=AOR, sound="default", badge=3, style=NONE)),
        ({"sound": False, "badge": False}, Kind.MESSAGE, Alert(title=AOR, body="New message")),
        ({"tone": "bell"}, Kind.MESSAGE, Alert(title=AOR, body="New message", sound="bell", badge=3)),
        (
            {"language": "de"},
            Kind.MESSAGE,
            Alert(title=AOR, body="Neue Nachricht", sound="default", badge=3, buttons=GERMAN),
        ),
        ({}, Kind.READ, Alert(badge=3)),
        ({"allowed": False}, Kind.CALL, None),
    ],
)
def test_the_owner_of_the_account_decides_what_is_shown_and_heard(
    own: dict[str, Any], kind: Kind, alert: Alert | None
) -> None:
    words = replace(announced(owner=account(**own)), unread=3)
    assert push(words, kind).notice.alert == alert


def test_one_phone_may_show_another_thing_than_its_account() -> None:
    own = DeviceSettings(device=binding().handset, notifications=OwnNotifications(sound=False, language="fr"))
    owner = account(language="de")
    owner = replace(owner, settings=replace(owner.settings, devices=(own,)))
    words = replace(announced(owner=owner), unread=3)
    assert push(words).notice.alert == Alert(
        title=AOR, body="Appel entrant", badge=3, category="INCOMING_CALL", buttons=("Répondre", "Refuser")
    )
    other = words.push(Kind.CALL, binding("b"), seq=1, wall=WALL, until=WALL + 20)
    assert other is not None
    assert other.notice.alert is not None
    assert (other.notice.alert.body, other.notice.alert.sound) == ("Eingehender Anruf", "default")


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.MESSAGE, Kind.MISSED])
def test_without_preview_neither_text_nor_payload_names_the_caller(kind: Kind) -> None:
    """The same octets whoever calls, though the application may know the caller."""
    made = [
        push(announced(invite(sender), show_caller=True, owner=account(preview=False)), kind).notice
        for sender in ('"The Boss" <sip:boss@example.com>;tag=1', '"Eve" <sip:eve@example.net>;tag=1')
    ]
    assert (made[0].from_uri, made[0].from_name) == ("", "")
    assert made[0].alert is not None
    assert replace(made[0], id="") == replace(made[1], id="")


def test_what_is_about_no_request_has_no_uuid() -> None:
    notice = push(replace(announced(), call_id=""), Kind.READ).notice
    assert (notice.call_id, notice.uuid) == ("", "")


def test_a_page_whose_owner_wants_to_notice_nothing_is_not_woken() -> None:
    for own in ({"allowed": False}, {"style": NONE, "sound": False}):
        words = announced(owner=account(**own))
        page = binding(push=browser())
        assert all(words.push(kind, page, seq=1, wall=WALL, until=WALL + 20) is None for kind in Kind)


@pytest.mark.parametrize(
    ("to", "body"),
    [
        (target(IPHONE_APP, remote="r"), "Call handled on another device"),
        (browser(), "Call handled on another device"),
        (iphone(), None),
        (android(), None),
    ],
)
def test_only_what_stays_on_the_screen_is_taken_away_by_a_text(to: PushTarget, body: str | None) -> None:
    made = announced().push(Kind.ELSEWHERE, binding(push=to), seq=2, wall=WALL, until=WALL + 20)
    assert made is not None
    assert (made.notice.alert and made.notice.alert.body) == body


# ---- who is counted


@pytest.mark.parametrize(
    "sender",
    [
        '"Boss" <sip:boss@example.com>',
        "<sip:b%6fss@EXAMPLE.com;transport=tcp>",
        "<sips:boss@example.com>",
        "sip:boss@example.com;tag=2",
    ],
)
def test_a_caller_is_counted_as_one_however_it_writes_itself(sender: str) -> None:
    def find(_: AppKey) -> App | None:
        return None

    words = announcement(invite(sender), account(), seal=SEAL, find_app=find)
    assert words.caller.key == " boss@example.com"
    behind_a_peer = announcement(invite(sender), account(), seal=SEAL, find_app=find, source="192.0.2.7")
    assert behind_a_peer.caller.key == "192.0.2.7 boss@example.com", "a peer's word is not the caller's own"


def test_a_telephone_number_is_counted_as_it_stands() -> None:
    words = announcement(invite("<tel:+12125551212>"), account(), seal=SEAL, find_app=lambda _: None, source="h")
    assert words.caller.key == "h tel:+12125551212"


# ---- what may be done


@pytest.mark.parametrize(
    ("offers", "subject", "names"),
    [
        (True, "c1", ["decline", "decline_all", "ignore", "text"]),
        (True, "", []),
        (False, "c1", []),
    ],
)
def test_a_push_has_the_urls_of_what_may_be_done_where_the_application_offers_them(
    subject: str, names: list[str], *, offers: bool
) -> None:
    asking = replace(app(), offers_actions=offers)
    words = announcement(invite(), account(), seal=SEAL, find_app=lambda _: asking)
    words = replace(words, links=ActionLinks(SEAL, lambda: "https://phones.example.com"), subject=subject)
    assert [name for name, _ in push(words).notice.actions] == names


def test_where_phones_cannot_reach_us_nothing_may_be_done() -> None:
    assert push(replace(announced(), subject="c1")).notice.actions == ()
