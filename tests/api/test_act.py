"""Claims about the URLs of notifications over HTTP: what is taken, what is refused, and that a look does no harm."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from tests.api.bed import EPOCH, STORED, Answer, Asker, Bed, in_bed
from tests.support.faulty_store import FaultyStore
from tests.wake.phones import binding

from ringwake.api.act import act_routes
from ringwake.api.apps import operator_app
from ringwake.api.desks import Desks
from ringwake.edge.act import Done
from ringwake.model.account import Aor
from ringwake.model.once_ops import UseOnce
from ringwake.model.push import Kind
from ringwake.wake.actions import PATH, Act, Action, ActionLinks, Subject

BASE = "https://phones.example.com"
BOSS = "sip:boss@example.com"


@dataclass
class Bell:
    """What was rung for: the acts that reached the server's inside."""

    result: Done = Done.DONE
    acts: list[tuple[Action, str]] = field(default_factory=list)

    def act(self, act: Act, text: str) -> Done:
        self.acts.append((act.action, text))
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
            answer = await phone.ask("POST", altered)
            # The last letter of base64url may hold bits that say nothing: the same URL in another spelling.
            assert answer.status == 403 or at == len(url) - 1
        assert (await phone.ask("POST", f"{PATH}{'A' * 5000}")).status == 403
        assert [act for act, _ in bell.acts] in ([], [Action.DECLINE])

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
