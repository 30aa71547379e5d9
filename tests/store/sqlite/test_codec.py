"""Records: what stands open, what is sealed, and what need not be written again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.store.samples import (
    ALICE,
    account,
    apns,
    binding,
    call,
    fcm,
    login,
    message,
    subscription_keys,
    upload,
    webpush,
)

from ringwake.model.account import Aor, PbxLogin
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.call_settings import CallSettings, Forwards, QuietHours
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.push import Kind
from ringwake.model.settings import AlertStyle, DeviceSettings, Notifications, OwnNotifications, Settings
from ringwake.model.wakes import NEVER, Wakes
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.rows import Choice, Letter, Line, Subscription, Table, Used, Value, row
from ringwake.store.sqlite.codec import Codec, Record
from ringwake.store.sqlite.sealed_part import SealedLogin, read_account, read_peer, sealed_part
from ringwake.store.sqlite.sealing import RowSeal

HOSTILE = Aor("a'\"\0{s1};--\udcff@example.com")
SUBSCRIPTION = Subscription(aor=HOSTILE, digest="d", keys=subscription_keys(1), serial=3)
LETTER = Letter(message=replace(message(), waiting=("a1", "a2"), entry="e"), serial=2, had=("a3",))
FULL = binding(
    "id1",
    aor=HOSTILE,
    uri="sip:\udce9@h",
    params=';+sip.instance="<urn:1>"',
    instance="<urn:1>",
    reg_id=2,
    call_id="c\udcff",
    cseq=2**31,
    flow=Flow(Transport.WSS, Address("2001:db8::1", 443), Address("::1", 9), 12, "n"),
    path=("<sip:\udce9@edge;lr;ob>", "<sip:core;lr>"),
    user_agent="Zo\u00ef/1",
    push=apns(voip="v", remote="r"),
    refresh_at=1e9,
)
CHOSEN = Settings(
    notifications=Notifications(style=AlertStyle.BANNER, tone="\udcff", is_critical=True),
    calls=CallSettings(
        quiet_hours=(QuietHours(days=(4, 5), begin=1320, end=420),),
        time_zone="Europe/Berlin",
        block=("*@\udcff",),
        forward=Forwards(busy="sip:box@example.com"),
    ),
    devices=(DeviceSettings(device=HOSTILE, notifications=OwnNotifications(sound=False), accepts_calls=False),),
    version=7,
)
ENTRY = Entry(
    id="e1",
    trace="t",
    aor=Aor(HOSTILE),
    kind=EntryKind.CALL,
    outcome=Outcome.NO_ANSWER,
    peer_uri=HOSTILE,
    peer_name="Boss \udcff",
    at=1.5,
    ended_at=2.5,
)
VALUES: list[Value] = [
    binding(),
    FULL,
    replace(FULL, refresh_tries=3, push=webpush("https://push.test/1", subscription_keys(1))),
    replace(FULL, push=webpush("https://push.test/1"), first="id0"),
    replace(FULL, wakes=Wakes(1.5, Kind.WAKE, 1, 2, 3, 4), push=None, dead_token=Provider.APNS),
    SUBSCRIPTION,
    call(),
    replace(call(aor=HOSTILE), invited=("a1", "a2"), invite=b""),
    replace(call(), caller="b1", caller_aor="bob@example.com"),
    replace(call(), is_unlisted=True, is_cancelled=True),
    replace(call(), refusals=(("a1", 486), ("a2", 603))),
    LETTER,
    Letter(message=message(aor=HOSTILE), serial=1),
    account(),
    Choice(Aor(HOSTILE), CHOSEN),
    Line(ENTRY, 7),
    Line(replace(ENTRY, is_read=True, outcome=Outcome.BLOCKED, handset=HOSTILE, status=603), 8),
    Used("a" * 32, 1_800_000_000.5),
    account(pbx=login()),
    account(HOSTILE, pbx=PbxLogin(user="\udcff", password=Secret("\u00e9\udcff"), realm="r", heard_at=1.5)),
    upload(),
    upload("<urn:\udcff>", aor=HOSTILE, push=apns(voip="v", remote="r")),
]


@pytest.fixture
def codec() -> Codec:
    return Codec(RowSeal([Secret(b"k" * 32)]))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_value_comes_back(codec: Codec, value: Value) -> None:
    record = codec.encode(row(None, value))
    assert record.state is not None
    assert record.sealed is not None
    assert codec.decode(*record[:2], record.state, record.sealed) == value


def test_a_row_of_a_time_before_flows_and_paths_is_read(codec: Codec) -> None:
    record = codec.encode(row(None, binding("a1")))
    assert record.state is not None
    assert b'"path"' not in record.state
    assert b'"first"' not in record.state
    old = codec.decode(*record[:2], record.state, b"")
    assert isinstance(old, Binding)
    assert (old.path, old.first, old.phone) == ((), "", "a1")
    assert (old.wakes, old.dead_token) == (NEVER, None)


def test_an_account_of_a_time_before_logins_is_read(codec: Codec) -> None:
    record = codec.encode(row(None, account(pbx=login(heard_at=9.0))))
    assert record.state is not None
    state = record.state.replace(b',"heard_at":9.0', b"")
    assert state != record.state
    old = RowSeal([Secret(b"k" * 32)]).seal(
        b'{"md5":"%s","sha256":"%s"}' % (b"0" * 32, b"0" * 64), b"record\0account\0%s\0sealed" % record.key
    )
    assert codec.decode(*record[:2], state, old) == account()


def test_an_account_that_still_had_settings_of_its_own_is_read(codec: Codec) -> None:
    record = codec.encode(row(None, account()))
    assert record.state is not None
    assert record.sealed is not None
    old = record.state[:-1] + b',"settings":{"alert":true,"sound":"default","badge":true}}'
    assert codec.decode(*record[:2], old, record.sealed) == account()


def test_whom_somebody_knows_blocks_and_forwards_to_stands_open_nowhere(codec: Codec) -> None:
    forwards = Forwards(always="sip:canary-forward@h")
    calls = CallSettings(block=("canary-blocked@*",), allow=("canary-boss@h",), forward=forwards)
    values: list[Value] = [
        Line(replace(ENTRY, peer_uri="sip:canary-peer@h", peer_name="canary-name"), 1),
        Choice(Aor("a@h"), Settings(calls=calls)),
    ]
    for value in values:
        record = codec.encode(row(None, value))
        assert b"canary" not in record.key + (record.state or b"") + (record.sealed or b"")
    assert "canary" not in repr(read_peer(sealed_part(values[0])))


def test_a_password_on_its_way_to_the_seal_is_not_shown() -> None:
    shown = f"{SealedLogin.of(login('canary'))!r} {read_account(sealed_part(account(pbx=login('canary'))))!r}"
    assert "canary" not in shown


def test_a_row_that_goes_has_no_state(codec: Codec) -> None:
    assert codec.encode(row(call(), None)) == Record(Table.CALL, b"call1", None, None)


CHANGES: list[tuple[Value, Value, bool]] = [
    (Line(ENTRY, 7), Line(replace(ENTRY, is_read=True), 7), True),
    (Line(ENTRY, 7), Line(replace(ENTRY, peer_name="somebody else"), 7), False),
    (FULL, replace(FULL, cseq=9), True),
    (FULL, replace(FULL, push=apns(voip="v", remote="other")), False),
    (FULL, replace(FULL, push=None), False),
    (binding(), replace(binding(), cseq=9), True),
    (call(), replace(call(), invited=("a1",)), True),
    (call(), replace(call(), invite=b"other"), False),
    (LETTER, replace(LETTER, had=()), True),
    (LETTER, replace(LETTER, message=message(2)), False),
    (SUBSCRIPTION, replace(SUBSCRIPTION, serial=9), False),
    (account(), account(md5="1" * 32), False),
    (account(), account(pbx=login()), False),
    (account(pbx=login("one")), account(pbx=login("two")), False),
    (account(pbx=login()), account(), False),
    (account(pbx=login()), account(pbx=login(heard_at=9.0)), True),
    (upload(), upload(push=fcm("other")), False),
]


@pytest.mark.parametrize(("before", "after", "stays"), CHANGES)
def test_what_is_sealed_is_written_when_it_changes(codec: Codec, before: Value, after: Value, stays: bool) -> None:
    record = codec.encode(row(before, after))
    assert (record.sealed is None) is stays


def test_without_a_token_nothing_is_sealed(codec: Codec) -> None:
    assert codec.encode(row(FULL, replace(FULL, push=None))).sealed == b""


def test_no_secret_stands_open(codec: Codec) -> None:
    secrets = [b"canary-token", b"canary-auth-00000", b"canary-invite", b"canary-ha1", b"canary-message"]
    token, auth, invite, ha1, said = secrets
    values: list[Value] = [
        binding(push=fcm(token.decode())),
        binding(push=webpush("https://x/canary-token", subscription_keys(1)._replace(auth=Secret(auth)))),
        replace(SUBSCRIPTION, keys=subscription_keys(1)._replace(auth=Secret(auth))),
        replace(call(), invite=invite),
        Letter(message=replace(message(), message=said), serial=1),
        account(md5=ha1.decode()),
        account(pbx=PbxLogin(user="canary-user", password=Secret("canary-word"), realm="canary-realm")),
        upload(push=fcm(token.decode())),
    ]
    for value in values:
        record = codec.encode(row(None, value))
        assert b"canary" not in record.key + (record.state or b"") + (record.sealed or b"")


def test_a_sealed_part_belongs_to_its_row(codec: Codec) -> None:
    mine = codec.encode(row(None, binding("a1", push=fcm("mine"))))
    yours = codec.encode(row(None, binding("a2", push=fcm("yours"))))
    assert mine.state is not None
    assert yours.sealed is not None
    with pytest.raises(ValueError, match="moved from another row"):
        codec.decode(*mine[:2], mine.state, yours.sealed)


@pytest.mark.parametrize(
    ("table", "state"),
    [
        (Table.BINDING, b"{}"),
        (Table.CALL, b'{"id": 1}'),
        (Table.MESSAGE, b"\xff"),
        (Table.SUBSCRIPTION, b""),
        (Table.ACCOUNT, b"null"),
        (Table.UPLOAD, b'{"aor": "a", "instance": "", "at": 1}'),
    ],
)
def test_what_cannot_be_parsed_is_a_value_error(codec: Codec, table: Table, state: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode(table, b"key", state, b"")


def test_a_flow_of_another_form_is_a_value_error(codec: Codec) -> None:
    record = codec.encode(row(None, binding()))
    assert record.state is not None
    with pytest.raises(ValueError, match=r"."):
        codec.decode(Table.BINDING, record.key, record.state.replace(b"tls|", b"smoke|"), b"")


def test_renewing_seals_with_the_first_key() -> None:
    old, new = Secret(b"1" * 32), Secret(b"2" * 32)
    record = Codec(RowSeal([old])).encode(row(None, FULL))
    assert record.state is not None
    assert record.sealed is not None
    both = Codec(RowSeal([new, old]))
    renewed = both.renew(record.table, record.key, record.sealed)
    assert renewed is not None
    assert Codec(RowSeal([new])).decode(*record[:2], record.state, renewed) == FULL
    assert both.renew(record.table, record.key, renewed) is None
    assert both.renew(record.table, record.key, b"") is None


def test_aors_that_differ_have_keys_that_differ(codec: Codec) -> None:
    keys = {codec.encode(row(None, account(Aor(aor)))).key for aor in (ALICE, HOSTILE, "a@b", "a\0@b", "a\udcff@b")}
    assert len(keys) == 5
