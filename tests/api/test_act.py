"""Claims about the URLs of notifications over HTTP: what is taken, what is refused, and that a look does no harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from string import ascii_letters, digits

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.api.bed import EPOCH, STORED, Answer, Asker, Bed, in_bed
from tests.support.faulty_store import FaultyStore
from tests.wake.phones import binding

from ringwake.api.act import act_routes
from ringwake.api.apps import operator_app, public_app
from ringwake.api.desks import Desks
from ringwake.edge.act import Done
from ringwake.edge.send_message import Fate
from ringwake.model.account import Aor
from ringwake.model.history import Outcome
from ringwake.model.history_ops import ListHistory
from ringwake.model.once_ops import UseOnce
from ringwake.model.push import Kind
from ringwake.wake.actions import PATH, WRITING, Act, Action, ActionLinks, Subject

BASE = "https://phones.example.com"
BOSS = "sip:boss@example.com"
LETTERS = ascii_letters + digits + "-_"
"""Of base64url."""


@dataclass
class Bell:
    """What was rung for: the acts that reached the server's inside."""

    result: Done = Done.DONE
    outcome: Outcome | None = Outcome.WAITING
    """Of what is written; None: nobody knows yet."""
    acts: list[tuple[Action, str]] = field(default_factory=list)

    def act(self, act: Act, text: str, told: Callable[[Fate], None]) -> Done:
        self.acts.append((act.action, text))
        if act.action in WRITING and self.outcome is not None:
            told(Fate(id="m1", trace="t1", to=act.peer, outcome=self.outcome, status=480))
        return self.result


def hung(bed: Bed, bell: Bell) -> Asker:
    """Hang a bell into the server; return a phone."""
    links = ActionLinks(bed.backend.keys, lambda: BASE)
    bed.backend = replace(bed.backend, links=links, desks=Desks(act=bell.act))
    return bed.phone()


def urls(bed: Bed, kind: Kind = Kind.CALL, *, until: float | None = None) -> dict[str, str]:
    """Return the paths that a push of a call or message carries."""
    assert bed.backend.links is not None
    until = bed.backend.wall() + 20 if until is None else until
    made = bed.backend.links.of(kind, Subject("c1", BOSS), binding(aor=Aor(STORED)), until=until)
    return {name: url.removeprefix(BASE) for name, url in made}


@pytest.mark.parametrize("action", ["decline", "decline_all", "ignore", "text"])
def test_a_click_does_what_the_url_says(action: str) -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        answer = await hung(bed, bell).ask("POST", urls(bed)[action])
        assert (answer.status, answer.body) == (204, b"")
        assert bell.acts == [(Action(action), "")]

    in_bed(test)


def test_the_words_of_the_person_come_with_the_act_and_only_where_it_writes() -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        phone = hung(bed, bell)
        words = {"text": " on my way "}
        assert (await write(phone, urls(bed, Kind.MESSAGE)["reply"], words)).status == 204
        assert (await write(phone, urls(bed)["decline"], words)).status == 204
        assert bell.acts == [(Action.REPLY, "on my way"), (Action.DECLINE, "")]

    in_bed(test)


@pytest.mark.parametrize("body", [{"text": 5}, {"text": "x" * 2001}, {"words": "?"}, {"text": " "}, {}])
def test_words_that_cannot_be_written_are_refused_and_use_nothing_up(body: object) -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        phone, url = hung(bed, bell), urls(bed, Kind.MESSAGE)["reply"]
        assert (await write(phone, url, body)).status == 422
        assert bell.acts == []
        assert (await write(phone, url, {"text": "well"})).status == 204

    in_bed(test)


def test_one_act_uses_up_all_urls_of_its_notification() -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        phone, made = hung(bed, bell), urls(bed)
        assert (await phone.ask("POST", made["decline"])).status == 204
        for url in made.values():
            assert (await phone.ask("POST", url)).status == 403
        assert len(bell.acts) == 1
        assert (await phone.ask("POST", urls(bed, until=bed.backend.wall() + 21)["decline"])).status == 204

    in_bed(test)


def test_an_altered_url_gets_403_and_changes_nothing() -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        phone, url = hung(bed, bell), urls(bed)["decline"]
        for at in range(len(PATH), len(url)):
            other = "A" if url[at] != "A" else "B"
            altered = url[:at] + other + url[at + 1 :]
            assert (await phone.ask("POST", altered)).status == 403
        # The last letter of base64url may hold bits that say nothing, and decoders pass over strange letters.
        for altered in (
            *(url[:-1] + letter for letter in LETTERS if letter != url[-1]),
            f"{url}=",
            f"{url[:-9]}.{url[-9:]}",
        ):
            assert (await phone.ask("POST", altered)).status == 403
        assert (await phone.ask("POST", f"{PATH}{'A' * 5000}")).status == 403
        assert bell.acts == []
        assert (await phone.ask("POST", url)).status == 204

    in_bed(test)


def test_a_url_that_is_over_gets_403() -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        phone, url = hung(bed, bell), urls(bed, Kind.MESSAGE, until=EPOCH + bed.now + 5)["read"]
        bed.now += 6
        answer = await phone.ask("POST", url)
        assert (answer.status, answer.problem()) == (
            403,
            "this link is not good: it was used, or it is over, or it is none of ours",
        )
        assert bell.acts == []

    in_bed(test)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_to_look_at_a_url_does_nothing(method: str) -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        phone, url = hung(bed, bell), urls(bed)["decline"]
        assert (await phone.ask(method, url)).status == 405
        assert bell.acts == []

    in_bed(test)


@pytest.mark.parametrize(("result", "status"), [(Done.OVER, 410), (Done.NOBODY, 409)])
def test_what_cannot_be_done_any_more_is_said(result: Done, status: int) -> None:
    async def test(bed: Bed) -> None:
        bell = Bell(result)
        assert (await hung(bed, bell).ask("POST", urls(bed)["text"])).status == status

    in_bed(test)


def test_a_service_worker_of_another_origin_may_click_and_hears_the_answer() -> None:
    async def test(bed: Bed) -> None:
        phone, url = hung(bed, Bell()), urls(bed)["decline"]
        asked = await phone.ask("OPTIONS", url, origin="https://app.example.net")
        assert (asked.status, asked.header("access-control-allow-headers")) == (204, "content-type")
        for status in (204, 403):
            answer = await phone.ask("POST", url, origin="https://app.example.net")
            assert (answer.status, answer.header("access-control-allow-origin")) == (status, "*")

    in_bed(test)


def test_nothing_is_done_that_could_be_done_twice_after_a_crash() -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        broken = FaultyStore()
        broken.broken = (UseOnce,)
        bed.backend = replace(bed.backend, store=broken)
        phone, url = hung(bed, bell), urls(bed)["decline"]
        assert (await phone.ask("POST", url)).status == 503
        assert bell.acts == []
        broken.broken = ()
        assert (await phone.ask("POST", url)).status == 204

    in_bed(test)


@pytest.mark.parametrize(("kind", "action"), [(Kind.CALL, "decline"), (Kind.MESSAGE, "read")])
def test_nothing_is_said_to_be_done_before_it_is_on_disk(kind: Kind, action: str) -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        store = FaultyStore()
        store.broken = (ListHistory,)
        bed.backend = replace(bed.backend, store=store)
        assert (await hung(bed, bell).ask("POST", urls(bed, kind)[action])).status == 503
        assert bell.acts == [(Action(action), "")]

    in_bed(test)


def test_who_writes_hears_when_it_was_not_taken() -> None:
    async def test(bed: Bed) -> None:
        answer = await write(hung(bed, Bell(outcome=Outcome.REFUSED)), urls(bed, Kind.MESSAGE)["reply"], {"text": "hi"})
        assert (answer.status, answer.problem()) == (409, "not sent: it was refused with 480")

    in_bed(test)


def test_a_pbx_that_takes_its_time_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(bed: Bed) -> None:
        monkeypatch.setattr("ringwake.api.act.SECONDS", 0.0)
        phone = hung(bed, Bell(outcome=None))
        assert (await write(phone, urls(bed, Kind.MESSAGE)["reply"], {"text": "hi"})).status == 204

    in_bed(test)


def test_a_text_that_comes_so_slowly_that_the_url_is_over_meanwhile_is_not_taken() -> None:
    async def test(bed: Bed) -> None:
        bell = Bell()
        hung(bed, bell)
        url = urls(bed, Kind.MESSAGE, until=EPOCH + bed.now + 5)["reply"]
        app = public_app(bed.backend)

        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            async def receive_late() -> Message:
                bed.now += 6
                return await receive()

            await app(scope, receive_late, send)

        assert (await write(Asker(late), url, {"text": "well"})).status == 403
        assert bell.acts == []

    in_bed(test)


def test_the_operators_listener_has_no_such_urls() -> None:
    async def test(bed: Bed) -> None:
        hung(bed, Bell())
        operator = Asker(operator_app(bed.backend), host="127.0.0.1")
        assert (await operator.ask("POST", urls(bed)["decline"])).status == 404
        assert act_routes(bed.backend)

    in_bed(test)


def test_a_server_without_urls_knows_none() -> None:
    async def test(bed: Bed) -> None:
        hung(bed, Bell())
        made = urls(bed)["decline"]
        bed.backend = replace(bed.backend, links=None)
        assert (await bed.phone().ask("POST", made)).status == 403

    in_bed(test)


async def write(phone: Asker, url: str, body: object) -> Answer:
    return await phone.ask("POST", url, body, content_type="application/json", content_length="99")
