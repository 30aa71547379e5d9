"""The object that every push carries, and how it is made to fit (docs/reference/payload.md)."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.push.samples import NOW, apns_push, notice

from ringwake.model.push import Alert, Kind, Loc, Notice, Push
from ringwake.push.envelope import clean, envelope, fitted, replaces, with_extra
from ringwake.push.errors import UnsendableError

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def encoded(what: Notice, expires_at: float = NOW + 18.75) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(envelope(what, expires_at)))
    return decoded


def size(what: Notice) -> int:
    """Stand for a payload: the object, the title and the body."""
    alert = what.alert or Alert()
    loc = alert.loc or Loc()
    texts = [alert.title, alert.body, loc.key, loc.args, what.extra]
    return len(msgspec.json.encode([envelope(what, NOW), texts]))


def fitted_or_none(push: Push, limit: int) -> Notice | None:
    try:
        return fitted(push, lambda it: size(it) <= limit)
    except UnsendableError:
        return None


def test_it_is_what_the_page_says() -> None:
    assert encoded(notice()) == {
        "v": 1,
        "kind": "call",
        "id": "8f14e45fceea167a5a36dedd4bea2543",
        "call_id": "3848276298220188511@atlanta.example.com",
        "account": "5f2c1d9ab3e07c44",
        "seq": 1,
        "uuid": "c0c5b1f5-5bb4-5c0f-8a53-6c2a4b1f6a55",
        "deadline_ms": 18750,
        "expires": int(NOW) + 18,
        "from": {"uri": "sip:boss@example.com", "name": "Boss"},
    }


def test_a_ticket_is_there_when_there_is_one() -> None:
    assert encoded(replace(notice(), ticket="sealed"))["ticket"] == "sealed"


def test_a_ticket_goes_last_when_the_push_is_too_long() -> None:
    made = replace(apns_push(), notice=notice(ticket="sealed"))
    kept = fitted(made, lambda notice: not notice.from_uri)
    assert (kept.ticket, kept.from_uri) == ("sealed", "")
    assert fitted(made, lambda notice: not notice.ticket).ticket == ""


def test_members_that_say_nothing_are_there_but_for_from() -> None:
    silent = Notice(kind=Kind.REFRESH, id="1", account="2")
    assert encoded(silent, 0.0) == {
        "v": 1,
        "kind": "refresh",
        "id": "1",
        "call_id": "",
        "account": "2",
        "seq": 0,
        "uuid": "",
        "deadline_ms": 0,
        "expires": 0,
    }


@pytest.mark.parametrize(("uri", "name"), [("sip:a@b", ""), ("", "Boss")])
def test_from_may_be_half_known(uri: str, name: str) -> None:
    assert encoded(notice(from_uri=uri, from_name=name))["from"] == {"uri": uri, "name": name}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_word(kind: Kind) -> None:
    assert encoded(notice(kind))["kind"] == kind.value


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Boss", "Boss"),
        ("Grüße 😀 \u2028\0", "Grüße 😀 \u2028\0"),
        (b"x\xe9".decode("utf-8", "surrogateescape"), "x\ufffd"),
        ("\ud83d alone \udfff", "\ufffd alone \ufffd"),
    ],
)
def test_octets_that_are_no_utf8_become_replacement_characters(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(text=ANY_TEXT)
def test_whatever_stands_in_a_notice_can_be_said_in_json(text: str) -> None:
    loc = Loc(key=text, args=(text, text), title_key=text)
    alert = Alert(title=text, body=text, loc=loc, sound=text, category=text)
    wild = apns_push(from_name=text, from_uri=text, call_id=text, id=text, account=text, uuid=text, alert=alert)
    wild = replace(wild, notice=replace(wild.notice, extra=(("x", text),)))
    tame = fitted(wild, lambda _: True)
    assert encoded(tame)["from" if text else "call_id"] == ({"uri": clean(text), "name": clean(text)} if text else "")
    assert tame.alert is not None
    assert tame.alert.loc == Loc(key=clean(text), args=(clean(text), clean(text)), title_key=clean(text))
    assert tame.extra == (("x", clean(text)),)
    assert msgspec.json.encode([tame.alert.title, tame.alert.body, tame.alert.sound])


def test_what_fits_is_left_alone() -> None:
    push = apns_push()
    assert fitted(push, lambda it: size(it) <= 1000) == push.notice


@given(
    name=st.text(max_size=300),
    uri=st.text(max_size=60),
    arg=st.text(max_size=60),
    extra=st.lists(st.text(max_size=60), max_size=4),
    title=st.text(max_size=60),
    body=st.text(max_size=300),
    limit=st.integers(250, 1200),
)
def test_text_is_shortened_in_the_order_of_the_page_and_no_more_than_needed(
    *, name: str, uri: str, arg: str, extra: list[str], title: str, body: str, limit: int
) -> None:
    alert = Alert(title=title, body=body, loc=Loc(key="K", args=(arg,)))
    push = apns_push(
        from_name=name, from_uri=uri, alert=alert, extra=tuple((f"x{at}", it) for at, it in enumerate(extra))
    )
    whole = push.notice
    result = fitted_or_none(push, limit)
    if result is None:
        assert size(replace(whole, from_name="", from_uri="", extra=(), alert=Alert())) > limit
        return
    assert size(result) <= limit
    assert result.alert is not None
    texts = [(name, result.from_name), (body, result.alert.body), (title, result.alert.title)]
    for before, after in texts:
        assert before.startswith(after)
    cut = [before != after for before, after in texts]
    # What comes later in the order is touched only when all before it is gone.
    if any(cut[1:]):
        assert result.alert.loc is None
    if result.alert.loc is None:
        assert not result.from_name
    assert whole.extra[: len(result.extra)] == result.extra
    if result.extra != whole.extra:
        assert not any(after for _, after in texts)
        assert result.alert.loc is None
        assert size(replace(result, from_uri=uri, extra=whole.extra[: len(result.extra) + 1])) > limit
    for later in (1, 2):
        if cut[later]:
            assert not any(after for _, after in texts[:later])
    if result.from_uri != uri:
        assert not result.from_uri
        assert not result.extra
        assert not any(after for _, after in texts)
    # One character more would not have fitted.
    if name != result.from_name and result.from_name:
        assert size(replace(result, from_name=name[: len(result.from_name) + 1])) > limit


def test_a_notice_without_alert_is_shortened_too() -> None:
    push = apns_push(alert=None, from_name="x" * 500)
    result = fitted(push, lambda it: size(it) <= 400)
    assert size(result) == 400
    assert result.alert is None


def test_members_are_left_out_from_the_last_and_never_cut() -> None:
    extra = (("call-id", "1@h"), ("from-uri", "x" * 300), ("display", "Boss"))
    push = apns_push(alert=None, from_name="", extra=extra)
    for kept in (0, 1, 2, 3):
        kept_alone = fitted_or_none(push, size(replace(push.notice, extra=extra[:kept])))
        assert kept_alone is not None
        assert kept_alone.extra == extra[:kept]


def test_what_is_ours_wins_over_what_an_application_asked_for() -> None:
    made = notice(extra=(("a", "1"), ("ringwake", "2")))
    assert with_extra({"ringwake": 3, "alert": None}, made) == {"a": "1", "ringwake": 3}


def test_what_cannot_be_shortened_is_not_sent() -> None:
    with pytest.raises(UnsendableError, match="too large") as caught:
        fitted(apns_push(call_id="x" * 5000), lambda it: size(it) <= 4096)
    assert caught.value.status == 413


def test_a_push_that_shows_nothing_is_made_clean_too() -> None:
    made = fitted(apns_push(alert=None, from_name="\udcff"), lambda _: True)
    assert (made.from_name, made.alert) == ("\ufffd", None)


def test_the_urls_of_what_may_be_done_stand_in_the_object_and_go_before_the_ticket() -> None:
    actions, ticket = (("decline", "https://x/act/1"), ("ignore", "https://x/act/2")), "sealed"
    assert encoded(notice(actions=actions))["actions"] == dict(actions)
    full = apns_push(actions=actions, ticket=ticket, alert=None, from_uri="", from_name="")
    assert fitted(full, lambda it: size(it) <= size(full.notice)) == full.notice
    shorter = fitted(full, lambda it: size(it) < size(full.notice))
    assert (shorter.actions, shorter.ticket) == ((), ticket)


def test_what_comes_later_of_a_call_replaces_what_was_before() -> None:
    names = {replaces(notice(kind, id=kind.value)) for kind in (Kind.CALL, Kind.MISSED, Kind.ELSEWHERE, Kind.CANCEL)}
    assert len(names) == 1


def test_other_calls_accounts_and_messages_replace_nothing() -> None:
    others = [
        notice(),
        notice(call_id="other"),
        notice(account="other"),
        notice(Kind.MESSAGE),
        notice(Kind.MESSAGE, id="other"),
        notice(Kind.REFRESH),
        notice(Kind.READ),
        notice(Kind.READ, account="other"),
        notice(Kind.VOICEMAIL),
    ]
    assert len({replaces(it) for it in others}) == len(others)
    for kind in (Kind.REFRESH, Kind.READ, Kind.VOICEMAIL):
        assert replaces(notice(kind, id="1", call_id="1")) == replaces(notice(kind, id="2", call_id="2"))


@given(text=ANY_TEXT)
def test_the_name_of_what_is_replaced_shows_nothing_of_the_call(text: str) -> None:
    name = replaces(notice(call_id=text))
    assert len(name) == 32
    assert set(name) <= set("0123456789abcdef")
