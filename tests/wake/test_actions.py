"""Claims about signed URLs: each says one act, nobody can write or alter one, and a repeat of a push has the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wake.phones import AOR, SEAL, WALL, binding

from ringwake.model.account import Aor
from ringwake.model.push import Kind
from ringwake.secret import Secret
from ringwake.store.keys import KeyRing
from ringwake.wake.actions import ACTIONS, CALL_SECONDS, LONGEST_PEER, PATH, WRITING, Act, Action, ActionLinks, Subject

BASE = "https://phones.example.com:8443"
BOSS = Subject("c1", "sip:boss@example.com")


def links(base: str = BASE) -> ActionLinks:
    return ActionLinks(SEAL, lambda: base)


def urls(kind: Kind = Kind.CALL, subject: Subject = BOSS, *, until: float = WALL + 20) -> dict[str, str]:
    return dict(links().of(kind, subject, binding(), until=until))


def opened(url: str) -> Act | None:
    return links().open(url.removeprefix(BASE + PATH))


@pytest.mark.parametrize("kind", ACTIONS, ids=str)
def test_each_url_says_what_it_does_to_which_call_on_which_phone(kind: Kind) -> None:
    made = urls(kind)
    assert tuple(made) == ACTIONS[kind]
    for name, url in made.items():
        act = opened(url)
        assert act is not None
        assert (act.action, act.subject, act.phone, act.aor) == (name, "c1", binding().phone, AOR)
        assert act.peer == (BOSS.peer if act.action in WRITING else "")


def test_a_call_may_be_declined_while_it_rings_and_the_rest_as_long_as_the_push_is_good() -> None:
    assert opened(urls()["decline"]).until == int(WALL + 20 + CALL_SECONDS)  # type: ignore[union-attr]
    assert opened(urls(Kind.MESSAGE)["read"]).until == int(WALL + 20)  # type: ignore[union-attr]


def test_a_repeat_of_a_push_has_the_same_urls_and_another_phone_others() -> None:
    assert urls() == urls()
    other = dict(links().of(Kind.CALL, BOSS, binding("other"), until=WALL + 20))
    assert not set(other.values()) & set(urls().values())


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in ACTIONS], ids=str)
def test_nothing_can_be_done_about_the_other_kinds(kind: Kind) -> None:
    assert urls(kind) == {}


def test_there_are_none_while_phones_cannot_reach_us_or_there_is_no_subject() -> None:
    assert links("").of(Kind.CALL, BOSS, binding(), until=WALL) == ()
    assert urls(subject=Subject("", BOSS.peer)) == {}


def test_nobody_is_written_to_whom_we_do_not_know() -> None:
    assert tuple(urls(subject=Subject("c1", ""))) == ("decline", "decline_all", "ignore")
    longest = "sip:" + "x" * (LONGEST_PEER - 4)
    assert opened(urls(subject=Subject("c1", longest))["text"]) is not None
    assert "text" not in urls(subject=Subject("c1", longest + "x"))


def test_a_base_with_a_slash_gives_the_same_urls() -> None:
    assert dict(links(BASE + "/").of(Kind.CALL, BOSS, binding(), until=WALL + 20)) == urls()


def test_the_length_of_a_url_does_not_tell_callers_apart() -> None:
    lengths = {len(urls(subject=Subject("c1", f"sip:{'x' * size}@example.com"))["text"]) for size in range(1, 30)}
    assert len(lengths) <= 2


def test_what_a_url_says_cannot_be_read_in_it() -> None:
    assert all("boss" not in url and AOR not in url for url in urls().values())


@given(at=st.integers(0, 80), letter=st.sampled_from("Aa0_-"))
def test_an_altered_url_is_none_of_ours(at: int, letter: str) -> None:
    url = urls()["decline"]
    start = len(BASE + PATH)
    altered = url[: start + at] + letter + url[start + at + 1 :]
    assert altered == url or opened(altered) is None


def test_one_that_another_server_or_another_part_of_this_one_has_sealed_is_none_of_ours() -> None:
    other = ActionLinks(KeyRing([Secret(b"o" * 32)]), lambda: BASE)
    url = dict(other.of(Kind.CALL, BOSS, binding(), until=WALL))["decline"]
    assert opened(url) is None
    assert links().open(SEAL.seal("flow", b"decline\x000\0c1\0p\0a\0")) is None
    assert links().open("") is None


def test_all_urls_of_one_notification_are_used_up_together_and_no_others() -> None:
    names = {links().name(act) for url in urls().values() if (act := opened(url))}
    assert len(names) == 1
    later = opened(urls(until=WALL + 21)["decline"])
    elsewhere = opened(urls(subject=Subject("c2", ""))["decline"])
    assert later is not None
    assert elsewhere is not None
    assert len(names | {links().name(later), links().name(elsewhere)}) == 3


@given(text=st.text(st.characters(codec="utf-8"), max_size=40))
def test_whatever_stands_in_an_address_comes_back_as_it_was(text: str) -> None:
    subject = Subject("m1", text or "sip:a")
    made = dict(links().of(Kind.MESSAGE, subject, binding(aor=Aor(text)), until=WALL))
    act = opened(made["reply"])
    assert act is not None
    assert (act.action, act.aor, act.peer) == (Action.REPLY, text, subject.peer)
