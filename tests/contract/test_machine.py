"""Every store does what the naive model does, whatever is asked of it in whatever order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.contract.beds import make_bed
from tests.contract.naive import Naive
from tests.store.samples import NOW, apns, contact, fcm, register, subscription_keys, webpush

from ringwake.model.account import Account, Aor, PbxLogin
from ringwake.model.account_ops import ForgetLogins, ListAccounts, PutAccount, RemoveAccount
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.call_settings import CallSettings, QuietHours
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import ListHistory, Log, MarkRead
from ringwake.model.message_ops import KeepMessage, MessageDone
from ringwake.model.once_ops import UseOnce
from ringwake.model.push import PushTarget, Service
from ringwake.model.settings import (
    UNCHOSEN,
    AlertStyle,
    DeviceSettings,
    Notifications,
    OwnNotifications,
    Settings,
)
from ringwake.model.settings_ops import ListSettings, PutSettings
from ringwake.model.store_ops import (
    CancelCall,
    ContactUpdate,
    Decline,
    Finish,
    Invite,
    ListBindings,
    Op,
    Park,
    PushTerms,
    PutSubscription,
    Recover,
    Refreshed,
    Registered,
    Sweep,
    TakeDue,
)
from ringwake.model.stored_message import StoredMessage
from ringwake.model.token_claims import TokenClaims, TokenProof
from ringwake.model.token_ops import ForgetToken, Forgotten, RestoreTokens
from ringwake.model.upload import PutUpload, RemoveUpload, Upload
from ringwake.model.wakes import WAKING, Wake
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Flow, Transport

# Wire octets that are no UTF-8, NUL, quotes and hash-tag braces must be nothing special (reliability S26).
ALICE, HOSTILE, OTHER = Aor("alice@example.com"), Aor("b'\"o\0b{s1}@example.com"), Aor("\udcff@other.test")
# Mostly one of them: that is where things meet.
AORS = st.sampled_from([ALICE, ALICE, ALICE, HOSTILE, OTHER])
TARGETS: list[PushTarget] = [
    fcm("one"),
    fcm("two"),
    apns(voip="v", remote="r"),
    apns(voip="v"),
    apns(remote="r"),
    webpush("https://push.test/1"),
    webpush("https://push.test/2"),
]
DIGESTS = st.sampled_from(sorted({token.digest for target in TARGETS for _, token in target.tokens}))
URIS = st.sampled_from(["sip:a@192.0.2.1", "sip:A@192.0.2.1:5060", "sip:\udce9@h", "sip:b@192.0.2.2;transport=tcp"])
FLOWS = st.sampled_from(
    [
        Flow(Transport.UDP, Address("192.0.2.1", 5060), Address("2001:db8::1", 4000)),
        Flow(Transport.WSS, Address("192.0.2.1", 443), Address("198.51.100.7", 5000), 3, "n0de"),
    ]
)
NUMBERS = st.integers(0, 2)
CLAIMS = st.sampled_from([*TokenClaims, TokenClaims.CHALLENGE])
LIMITS = st.integers(0, 4)
STEPS = st.sampled_from([0.5, 30.0, 400.0])


MOST = st.sampled_from([None, None, 1, 2])
CHOICES = st.sampled_from(
    [
        UNCHOSEN,
        Settings(
            notifications=Notifications(tone="bell\udcff", style=AlertStyle.BANNER),
            calls=CallSettings(quiet_hours=(QuietHours(days=(4,), begin=1320, end=420),), block=("*@\udcff",)),
            devices=(DeviceSettings(device="<urn:\udcff>", notifications=OwnNotifications(badge=False)),),
        ),
    ]
)


def entries(name: str, aor: Aor, wall: float) -> st.SearchStrategy[Entry]:
    """Draw what may have become of a call or message."""
    return st.builds(
        Entry,
        id=st.just(name),
        trace=st.just("t"),
        aor=st.just(aor),
        kind=st.sampled_from(EntryKind),
        outcome=st.sampled_from(Outcome),
        peer_uri=st.sampled_from(["", "sip:\udcff\0@h"]),
        peer_name=st.sampled_from(["", "B\udcff"]),
        at=st.just(wall),
        ended_at=st.sampled_from([0.0, wall]),
        is_outgoing=st.booleans(),
        is_read=st.booleans(),
        status=st.sampled_from([0, 486]),
    )


class StoreMachine(RuleBasedStateMachine):
    """Asks a store and the model the same things."""

    kind = "memory"

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.bed = make_bed(self.kind, Path(self._folder.name))
        self.naive = Naive()
        self.wall = NOW
        self.serial = 0
        self.lost: list[Forgotten] = []
        self.asked: tuple[Aor, PushTarget, TokenProof] | None = None

    def teardown(self) -> None:
        self.bed.close()
        self._folder.cleanup()

    def ask(self, op: Op[Any]) -> Any:
        expected = self.naive.apply(op)
        assert self.bed.do(op) == expected
        return expected

    @rule(seconds=STEPS)
    def time_passes(self, seconds: float) -> None:
        self.wall += seconds

    @rule(
        aor=AORS,
        contacts=st.lists(
            st.builds(
                lambda **given: given,
                uri=URIS,
                instance=st.sampled_from(["", "", "<urn:1>", "<urn:2>"]),
                reg_id=st.sampled_from([0, 0, 1, 2]),
                expires=st.sampled_from([0.0, 60.0, 500.0, 500.0]),
                push=st.none() | st.sampled_from(TARGETS),
                is_query=st.booleans(),
                is_silent=st.booleans(),
                woken=st.none() | st.sampled_from(WAKING),
                refresh=st.none() | st.sampled_from([20.0, 300.0, 700.0]),
            ),
            max_size=3,
        ),
        call_id=st.sampled_from(["c1", "c2"]),
        cseq=st.integers(1, 30),
        way=st.tuples(FLOWS, st.sampled_from([(), ("<sip:\udce9@edge;lr>", "<sip:in;lr>")])),
        claims=CLAIMS,
    )
    def register(
        self,
        aor: Aor,
        contacts: list[dict[str, Any]],
        call_id: str,
        cseq: int,
        way: tuple[Flow, tuple[str, ...]],
        claims: TokenClaims,
    ) -> None:
        updates: list[ContactUpdate] = []
        for given in contacts:
            self.serial += 1
            refresh, is_silent = given.pop("refresh"), given.pop("is_silent")
            at = None if refresh is None else self.wall + refresh
            why = given.pop("woken")
            given["woken"] = () if why is None else (Wake(self.wall - 9.0, why), Wake(self.wall - 1.0, why))
            if is_silent and given["expires"]:  # it says nothing of push: what was uploaded for it counts
                given |= {"push": None, "is_query": False, "uploaded": PushTerms(900.0, at)}
            updates.append(contact(f"id{self.serial:04}", refresh_at=at, **given))
        more: dict[str, Any] = {"call_id": call_id, "cseq": cseq, "flow": way[0], "path": way[1]}
        self.ask(register(*updates, aor=aor, wall=self.wall, claims=claims, **more))

    @rule(aor=AORS, number=st.integers(1, 200), push=st.sampled_from(TARGETS))
    def register_one_of_many(self, aor: Aor, number: int, push: PushTarget) -> None:
        self.serial += 1
        update = contact(f"id{self.serial:04}", instance=f"<urn:{number}>", push=push, refresh_at=self.wall + number)
        self.ask(register(update, aor=aor, call_id=f"many{self.serial}", wall=self.wall))

    @rule(data=st.data())
    def unregister_one(self, data: st.DataObject) -> None:
        if self.naive.bindings:
            known = data.draw(st.sampled_from(self.naive.bindings))
            gone = contact(uri=known.uri, instance=known.instance, reg_id=known.reg_id, expires=0.0)
            self.serial += 1
            self.ask(register(gone, aor=known.aor, call_id=f"gone{self.serial}", wall=self.wall))

    @rule(aor=AORS)
    def unregister_all(self, aor: Aor) -> None:
        self.ask(register(aor=aor, call_id="star", remove_all=True, wall=self.wall))

    @rule(aor=AORS, digest=DIGESTS, number=NUMBERS)
    def put_subscription(self, aor: Aor, digest: str, number: int) -> None:
        self.ask(PutSubscription(aor=aor, digest=digest, keys=subscription_keys(number)))

    @rule(aor=AORS, start=NUMBERS)
    def put_many_subscriptions(self, aor: Aor, start: int) -> None:
        for number in range(start, 19):
            self.ask(PutSubscription(aor=aor, digest=f"{number:064x}", keys=subscription_keys(number)))

    @rule(aor=AORS, instance=st.sampled_from(["", "<urn:1>", "<urn:2>"]), push=st.sampled_from(TARGETS), claims=CLAIMS)
    def put_upload(self, aor: Aor, instance: str, push: PushTarget, claims: TokenClaims) -> None:
        self.ask(PutUpload(Upload(aor=aor, instance=instance, push=push, at=self.wall), claims))

    @rule(aor=AORS, start=NUMBERS, push=st.sampled_from(TARGETS))
    def put_many_uploads(self, aor: Aor, start: int, push: PushTarget) -> None:
        for number in range(start, 12):
            self.ask(PutUpload(Upload(aor=aor, instance=f"<urn:{number}>", push=push, at=self.wall)))

    @rule(aor=AORS, instance=st.sampled_from(["", "<urn:1>", "<urn:2>"]))
    def remove_upload(self, aor: Aor, instance: str) -> None:
        self.ask(RemoveUpload(aor=aor, instance=instance))

    @rule(digest=DIGESTS, ago=st.just(0.0) | STEPS, is_timed=st.booleans(), service=st.sampled_from(Service))
    def forget_token(self, digest: str, ago: float, is_timed: bool, service: Service) -> None:
        self._forget(digest, self.wall - ago, is_timed=is_timed, service=service)

    def _forget(self, digest: str, dead_at: float, *, is_timed: bool, service: Service = Service.ONLY) -> None:
        self.lost.append(self.ask(ForgetToken(digest=digest, dead_at=dead_at, is_timed=is_timed, service=service)))

    @rule(data=st.data(), is_timed=st.booleans(), count=st.integers(0, 2))
    def forget_what_is_bound(self, data: st.DataObject, is_timed: bool, count: int) -> None:
        for _ in range(count):
            digests = sorted({t.digest for known in self.naive.bindings if known.push for _, t in known.push.tokens})
            if digests:
                self._forget(data.draw(st.sampled_from(digests)), self.wall, is_timed=is_timed)

    @rule(data=st.data(), claims=CLAIMS, is_proved=st.booleans())
    def claim_what_is_bound(self, data: st.DataObject, claims: TokenClaims, is_proved: bool) -> None:
        if held := [(known.aor, known.push) for known in self.naive.bindings if known.push]:
            aor, push = data.draw(st.sampled_from(held))
            others = st.sampled_from([other for other in (ALICE, HOSTILE, OTHER) if other != aor])
            self._claim(data.draw(others), push, claims, None)
            if is_proved:
                self._prove(claims)

    @rule(claims=CLAIMS)
    def prove_later(self, claims: TokenClaims) -> None:
        self._prove(claims)

    def _prove(self, claims: TokenClaims) -> None:
        if self.asked is not None:
            aor, push, proof = self.asked
            self._claim(aor, push, claims, proof)

    def _claim(self, aor: Aor, push: PushTarget, claims: TokenClaims, proof: TokenProof | None) -> None:
        self.serial += 1
        update = contact(f"id{self.serial:04}", instance="<urn:claimer>", push=push)
        more: dict[str, Any] = {"call_id": f"claim{self.serial}", "claims": claims, "proof": proof}
        result = self.ask(register(update, aor=aor, wall=self.wall, **more))
        if isinstance(result, Registered) and result.challenged:
            asked = result.challenged[0]
            self.asked = aor, push, TokenProof(asked.binding, asked.push.tokens[-1][1].digest, "ticket")

    @rule(count=st.integers(1, 3))
    def restore_tokens(self, count: int) -> None:
        self.ask(RestoreTokens(forgotten=tuple(self.lost[-count:])))

    @rule(limit=LIMITS, lease=st.sampled_from([5.0, 300.0]))
    def take_due(self, limit: int, lease: float) -> None:
        self.ask(TakeDue(wall=self.wall, limit=limit, lease=lease))

    @rule(data=st.data(), is_late=st.booleans(), later=st.none() | STEPS)
    def refreshed(self, data: st.DataObject, is_late: bool, later: float | None) -> None:
        if self.naive.bindings:
            known = data.draw(st.sampled_from(self.naive.bindings))
            at = known.registered_at - (1.0 if is_late else 0.0)
            again = None if later is None else self.wall + later
            self.ask(Refreshed(aor=known.aor, binding=known.id, registered_at=at, tries=2, refresh_at=again))

    @rule(limit=LIMITS)
    def sweep(self, limit: int) -> None:
        self.ask(Sweep(wall=self.wall, limit=limit))

    @rule(aor=AORS, number=NUMBERS, wake=STEPS)
    def park(self, aor: Aor, number: int, wake: float) -> None:
        record = CallRecord(
            id=f"call {number} {aor}",
            trace="t",
            aor=aor,
            invite=b"\xff\0INVITE",
            flow=Flow(Transport.UDP, Address("h", 1), Address("p", 2)),
            received_at=self.wall,
            wake_until=self.wall + wake,
        )
        self.ask(Park(call=record))

    @rule(data=st.data())
    def invite(self, data: st.DataObject) -> None:
        record = data.draw(st.sampled_from([*(record.id for record in self.naive.calls), "none"]))
        known = st.sampled_from([*(binding.phone for binding in self.naive.bindings), "nobody"])
        phones = data.draw(st.lists(known, unique=True, max_size=3))
        self.ask(Invite(call=record, bindings=tuple(phones)))

    @rule(data=st.data(), status=st.sampled_from([486, 603]))
    def decline(self, data: st.DataObject, status: int) -> None:
        record = data.draw(st.sampled_from([*(record.id for record in self.naive.calls), "none"]))
        phone = data.draw(st.sampled_from([*(binding.phone for binding in self.naive.bindings), "nobody"]))
        self.ask(Decline(call=record, phone=phone, status=status))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from([*(record.id for record in self.naive.calls), "none"]))
        self.ask(CancelCall(call=known))

    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from([*(record.id for record in self.naive.calls), "none"]))
        aor = next((record.aor for record in self.naive.calls if record.id == known), ALICE)
        self.ask(Finish(call=known, end=CallEnd.CANCELLED, entry=data.draw(st.none() | entries(known, aor, self.wall))))

    @rule(aor=AORS, number=NUMBERS, lasts=st.sampled_from([20.0, 600.0]), is_listed=st.booleans(), most=MOST)
    def keep_message(self, aor: Aor, number: int, lasts: float, is_listed: bool, most: int | None) -> None:
        message = StoredMessage(
            id=f"message {9 - number} {aor}",
            trace="m",
            aor=aor,
            message=b"\xff\0MESSAGE",
            received_at=self.wall,
            expires_at=self.wall + lasts,
        )
        entry = Entry(id=message.id, trace="m", aor=aor, kind=EntryKind.MESSAGE, outcome=Outcome.WAITING, at=self.wall)
        self.ask(KeepMessage(message=message, entry=entry if is_listed else None, most=most))

    @rule(data=st.data(), aor=AORS)
    def log(self, data: st.DataObject, aor: Aor) -> None:
        name = data.draw(st.sampled_from([f"logged {number} {aor}" for number in range(4)]))
        self.ask(Log(data.draw(entries(name, aor, self.wall))))

    @rule(aor=AORS, data=st.data(), back=st.sampled_from([0.0, 100.0]))
    def mark_read(self, aor: Aor, data: st.DataObject, back: float) -> None:
        known = st.sampled_from([*(entry.id for entry in self.naive.history.entries), "none"])
        ids = data.draw(st.lists(known, max_size=2))
        self.ask(MarkRead(aor=aor, entries=tuple(ids), until=self.wall - back))

    @rule(
        aor=AORS,
        kind=st.none() | st.sampled_from(EntryKind),
        only=st.sampled_from(["", "only_unread", "only_missed"]),
        limit=st.sampled_from([1, 3, 100]),
    )
    def list_history(self, aor: Aor, kind: EntryKind | None, only: str, limit: int) -> None:
        is_only = {name: only == name for name in ("only_unread", "only_missed")}
        self.ask(ListHistory(aor=aor, kind=kind, limit=limit, **is_only))

    @rule(aor=AORS, settings=CHOICES, expected=st.none() | st.integers(0, 3))
    def put_settings(self, aor: Aor, settings: Settings, expected: int | None) -> None:
        self.ask(PutSettings(aor=aor, settings=settings, expected=expected))

    @rule(name=st.sampled_from(["one", "two"]), lasts=STEPS)
    def use_once(self, name: str, lasts: float) -> None:
        self.ask(UseOnce(name=name, until=self.wall + lasts))

    @rule()
    def a_season_passes(self) -> None:
        self.wall += 91 * 86400.0

    @rule(data=st.data(), status=st.sampled_from([200, 200, 415]))
    def message_done(self, data: st.DataObject, status: int) -> None:
        if self.naive.mail:
            mail = data.draw(st.sampled_from(self.naive.mail))
            phones = [known.phone for known in self.naive.bindings if known.aor == mail.message.aor]
            phone = data.draw(st.sampled_from([*phones, "nobody"]))
            self.ask(MessageDone(message=mail.message.id, binding=phone, status=status, wall=self.wall))

    @rule(
        aor=AORS,
        tenant=st.sampled_from(["example.com", "other.test"]),
        realm=st.sampled_from([None, "", "r\udcff"]),
    )
    def put_account(self, aor: Aor, tenant: str, realm: str | None) -> None:
        secret = Secret(f"{self.serial:032x}")
        pbx = None if realm is None else PbxLogin(user="u", password=secret, realm=realm)
        account = Account(aor=aor, tenant=tenant, ha1_md5=secret, ha1_sha256=secret, pbx=pbx)
        self.ask(PutAccount(account=account))

    @rule(tenant=st.sampled_from(["example.com", "other.test"]), after=STEPS, limit=LIMITS)
    def forget_logins(self, tenant: str, after: float, limit: int) -> None:
        self.ask(ForgetLogins(tenant=tenant, wall=self.wall, after=after, limit=limit))

    @rule(aor=AORS)
    def remove_account(self, aor: Aor) -> None:
        self.ask(RemoveAccount(aor=aor))

    @rule(tenant=st.sampled_from([None, "example.com", "other.test"]))
    def list_accounts(self, tenant: str | None) -> None:
        self.ask(ListAccounts(tenant=tenant))

    @rule(aor=AORS)
    def list_bindings(self, aor: Aor) -> None:
        self.ask(ListBindings(aor=aor, wall=self.wall))

    @invariant()
    def all_is_the_same(self) -> None:
        reads: list[Op[Any]] = [ListBindings(aor=None, wall=self.wall), Recover(wall=self.wall), ListAccounts()]
        reads += [ListHistory(limit=1000), ListSettings()]
        assert self.bed.all_at_once(reads) == [self.naive.apply(op) for op in reads]


def _test_case(store: str, *, examples: int, steps: int) -> type:
    class Machine(StoreMachine):
        kind = store

    Machine.TestCase.settings = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    Machine.__name__ = Machine.__qualname__ = f"Machine[{store}]"
    case: type = Machine.TestCase
    return case


TestMemory = _test_case("memory", examples=30, steps=50)
TestReloading = _test_case("reloading", examples=20, steps=50)
TestSqlite = _test_case("sqlite", examples=8, steps=40)
TestSqliteReopened = _test_case("sqlite reopened", examples=4, steps=20)

_TORTURE = [pytest.mark.torture, pytest.mark.timeout(1800)]
TestReloadingAtLength = _test_case("reloading", examples=1000, steps=60)
TestReloadingAtLength.pytestmark = _TORTURE  # type: ignore[attr-defined]  # pytest's way to mark a class
TestSqliteAtLength = _test_case("sqlite", examples=300, steps=60)
TestSqliteAtLength.pytestmark = _TORTURE  # type: ignore[attr-defined]  # pytest's way to mark a class
