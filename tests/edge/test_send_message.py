"""A message in the name of an account: kept for one of ours, sent to the PBX for everybody else."""

from __future__ import annotations

import pytest
from tests.edge.upstream.calling import registered
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, awake, in_world
from tests.support.pbx import pbx_password, pbx_user
from tests.support.pbx_world import PbxWorld, in_front_of_pbx
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.edge.send_message import Fate, Writing, send_message
from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings
from ringwake.model.events import Happened
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import ListHistory
from ringwake.model.message_ops import KeepMessage
from ringwake.model.settings import Settings
from ringwake.model.tenant import PbxAnswers, Upstream
from ringwake.sip.errors import SipError
from ringwake.sip.message import Request
from ringwake.wake.outgoing_message import PAUSES

BOSS, ALICE = Aor(f"boss@{DOMAIN}"), Aor(f"alice@{DOMAIN}")
CALLEE = f"sip:outside@{DOMAIN}"
VAULT = Upstream.VAULT


def write(world: World, to: str, text: str = "hello", **more: str) -> list[Fate]:
    """Write in the boss's name; what became of it is added to the result."""
    fates: list[Fate] = []
    now = world.loop.time()
    writing = Writing(sender=BOSS, to=to, body=text.encode(), **more)
    world.performer.run_at_once(send_message(world.core, writing, now, told=fates.append), now)
    return fates


def refusal(world: World, to: str, text: str = "hello", **more: str) -> int:
    with pytest.raises(SipError) as error:
        write(world, to, text, **more)
    return error.value.status


async def entries(world: World, aor: Aor) -> list[Entry]:
    return list(await world.store.do(ListHistory(aor=aor)))


# ---- to an account of ours


@pytest.mark.parametrize("to", [ALICE, f"sip:{ALICE}", f"sip:alice@{DOMAIN.upper()};x=y", "alice"])
def test_a_message_to_an_account_goes_the_way_of_all_messages(to: str) -> None:
    async def test(world: World) -> None:
        phones = [await awake(world, "alice"), await asleep(world)]
        (fate,) = write(world, to)
        assert (fate.outcome, fate.status) == (Outcome.WAITING, 202)
        await pause(5)
        assert [phone.texts for phone in phones] == [["hello"]] * 2
        assert len(world.pushed("message")) == 1
        (entry,) = await entries(world, ALICE)
        assert (entry.id, entry.trace, entry.peer_uri) == (fate.id, fate.trace, f"sip:{BOSS}")
        assert entry.outcome is Outcome.DELIVERED

    in_world(test)


def test_what_is_written_survives_a_restart() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        write(world, ALICE)
        await world.stop()
        world.start()
        alice.wakes = True
        await world.recover()
        await pause(5)
        assert alice.texts == ["hello"]

    in_world(test)


def test_what_cannot_be_sent_is_refused_with_the_reason() -> None:
    async def test(world: World) -> None:
        world.directory.put_settings(Aor(f"bob@{DOMAIN}"), Settings(calls=CallSettings(block=(BOSS,))))
        assert refusal(world, f"bob@{DOMAIN}") == 603
        assert refusal(world, f"nobody@{DOMAIN}") == 404
        assert refusal(world, "somebody@elsewhere.example") == 403
        assert refusal(world, "tel:+49 30 1") == 400
        assert refusal(world, f"sip:{DOMAIN}") == 400
        assert refusal(world, "alice", "x" * (world.core.max_message + 1)) == 413
        assert refusal(world, "alice", content_type="text/plain\r\nX-More: 1") == 500
        assert world.events == [event for event in world.events if event.what is not Happened.MESSAGE_KEPT]

    in_world(test)


def test_a_full_mailbox_and_a_broken_store_are_told() -> None:
    async def test(world: World) -> None:
        world.core.messages_per_account = 1
        kept, refused = write(world, "alice", "a"), write(world, "alice", "b")
        await pause(0.1)
        assert [fate.status for fate in (*kept, *refused)] == [202, 480]
        assert isinstance(world.store, FaultyStore)
        world.store.broken = (KeepMessage,)
        fates = write(world, "bob")
        await pause(0.1)
        assert [(fate.outcome, fate.status) for fate in fates] == [(Outcome.REFUSED, 503)]

    in_world(test, store=FaultyStore)


# ---- to the PBX


def answering(world: PbxWorld, *statuses: int) -> list[Request]:
    """Let the PBX answer each further MESSAGE with the next status."""
    heard: list[Request] = []

    def judge(request: Request) -> None:
        if len(heard) < len(statuses):
            heard.append(request)
            world.pbx.answer(request, statuses[len(heard) - 1])

    world.pbx.on_request = judge
    return heard


@pytest.mark.parametrize(
    ("to", "uri"),
    [
        (CALLEE, CALLEE),
        ("4711", f"sip:4711@{DOMAIN}"),
        ("tel:+4930123;phone-context=x", f"sip:+4930123@{DOMAIN}"),
        ("sip:a@other.example:5070", "sip:a@other.example:5070"),
    ],
)
def test_everybody_else_is_written_to_through_the_pbx(to: str, uri: str) -> None:
    async def test(world: PbxWorld) -> None:
        heard = answering(world, 202)
        fates = write(world, to, content_type="text/html")
        await pause(0.1)
        (request,) = heard
        assert (request.method, request.uri, request.body) == ("MESSAGE", uri, b"hello")
        assert request.headers.get("content-type") == "text/html"
        assert (request.headers.get("from") or "").startswith(f"<sip:{BOSS}>;tag=")
        (fate,) = fates
        assert (fate.outcome, fate.status, fate.to) == (Outcome.SENT, 202, uri)
        (entry,) = await entries(world, BOSS)
        assert (entry.id, entry.kind, entry.outcome) == (fate.id, EntryKind.MESSAGE, Outcome.SENT)
        assert (entry.is_outgoing, entry.is_unread, entry.peer_uri) == (True, False, uri)

    in_front_of_pbx(test, Upstream.CONTACT, users=("boss",))


def test_a_pbx_that_is_busy_is_asked_again() -> None:
    async def test(world: PbxWorld) -> None:
        heard = answering(world, 503, 200)
        fates = write(world, CALLEE)
        await pause(PAUSES[0] - 0.1)
        assert (len(heard), fates) == (1, [])
        await pause(1)
        assert [request.cseq.number for request in heard] == [1, 2]
        assert len({request.call_id for request in heard}) == 1
        assert len({request.via.branch for request in heard}) == 2
        assert [fate.status for fate in fates] == [200]

    in_front_of_pbx(test, Upstream.CONTACT, users=("boss",))


def test_what_the_pbx_will_not_take_is_listed_as_refused() -> None:
    async def test(world: PbxWorld) -> None:
        answering(world, 404)
        fates = write(world, CALLEE)
        await pause(0.1)
        assert [(fate.outcome, fate.status) for fate in fates] == [(Outcome.REFUSED, 404)]
        (entry,) = await entries(world, BOSS)
        assert (entry.outcome, entry.status, entry.ended_at > 0) == (Outcome.REFUSED, 404, True)
        assert world.happened(Happened.MESSAGE_REFUSED)[0].fields["status"] == 404

    in_front_of_pbx(test, Upstream.CONTACT, users=("boss",))


def test_a_pbx_that_does_not_answer_is_given_up_in_the_end() -> None:
    async def test(world: PbxWorld) -> None:
        fates = write(world, CALLEE)
        await pause(4 * 32 + sum(PAUSES) + 1)
        assert [(fate.outcome, fate.status) for fate in fates] == [(Outcome.REFUSED, 408)]
        assert len({request.via.branch for request in world.pbx.requests("MESSAGE")}) == 1, "it may have had it"

    in_front_of_pbx(test, Upstream.CONTACT, users=("boss",))


def challenging(world: PbxWorld, realm: str = "") -> None:
    def judge(request: Request) -> None:
        right = world.pbx.is_right(request, user=pbx_user("boss"), password=pbx_password("boss"))
        if right and not realm:
            world.pbx.answer(request, 200)
        elif realm:
            world.pbx.ask_for_credentials(request, status=401, realm=realm)
        else:
            world.pbx.ask_for_credentials(request, status=401)

    world.pbx.on_request = judge


@pytest.mark.parametrize(
    ("realm", "answers", "outcome"),
    [
        ("", PbxAnswers.FIRST, Outcome.SENT),
        ("stranger.example", PbxAnswers.FIRST, Outcome.REFUSED),
        ("", PbxAnswers.NEVER, Outcome.REFUSED),
    ],
)
def test_the_vault_answers_the_pbxs_challenge_and_no_others(realm: str, answers: PbxAnswers, outcome: Outcome) -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world, "boss")
        await pause(1)
        challenging(world, realm)
        fates = write(world, CALLEE)
        await pause(1)
        assert [fate.outcome for fate in fates] == [outcome]
        sent = world.pbx.requests("MESSAGE")
        assert any("authorization" in request.headers for request in sent) is (outcome is Outcome.SENT)

    in_front_of_pbx(test, VAULT, users=("boss",), pbx_answers=answers)


def test_a_login_without_a_realm_answers_nobody() -> None:
    async def test(world: PbxWorld) -> None:
        challenging(world)
        fates = write(world, CALLEE)
        await pause(1)
        assert [fate.status for fate in fates] == [401]

    in_front_of_pbx(test, VAULT, users=("boss",))


def test_a_sips_address_does_not_go_where_security_is_unknown() -> None:
    async def test(world: PbxWorld) -> None:
        assert refusal(world, f"sips:outside@{DOMAIN}") == 403

    in_front_of_pbx(test, Upstream.CONTACT)
