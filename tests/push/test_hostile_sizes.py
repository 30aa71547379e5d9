"""Whatever is to be said, a payload is JSON within its service's bound, or there is none (issue 6, point 4)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.push.payloads import FORMS, Form

from ringwake.model.push import Alert, Kind, Loc, Service
from ringwake.push.envelope import clean
from ringwake.push.errors import UnsendableError

# Characters of one to six octets in JSON, and such that no JSON can carry.
PIECES = ("x", '"', "\\", "\0", "\n", "é", "\u2028", "\uffff", "😀", "\ud800", "\udcff", "</script>", "{name}", "%s")
TEXT = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=30),
    st.builds(lambda piece, times: piece * times, st.sampled_from(PIECES), st.integers(0, 5200)),
)
ALERT = st.builds(
    Alert,
    title=TEXT,
    body=TEXT,
    loc=st.none() | st.builds(Loc, key=TEXT, args=st.lists(TEXT, max_size=3).map(tuple), title_key=TEXT),
    sound=st.sampled_from(("", "default", "é" * 40)),
    badge=st.none() | st.integers(0, 2**53),
    category=st.sampled_from(("", "INCOMING_CALL")),
)
EXTRA = st.lists(
    st.tuples(st.sampled_from(("call-id", "from-uri", "x.y", "z_1")), TEXT), max_size=4, unique_by=lambda it: it[0]
)
each = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def built(form: Form, **changes: Any) -> bytes | None:
    """Return the body, or None where the push is refused: then it says 413 and why."""
    try:
        return form.build(form.push(**changes))
    except UnsendableError as error:
        refusal = (error.reason, error.status)
    assert refusal == ("payload too large", 413)
    return None


@each
@given(
    kind=st.sampled_from(Kind),
    alert=st.none() | ALERT,
    extra=EXTRA,
    name=TEXT,
    uri=TEXT,
    call_id=TEXT,
    ticket=st.sampled_from(("", "t" * 300)),
)
@settings(max_examples=120, deadline=None)
def test_a_payload_is_json_within_its_bound_or_there_is_none(
    form: Form,
    *,
    kind: Kind,
    alert: Alert | None,
    extra: list[tuple[str, str]],
    name: str,
    uri: str,
    call_id: str,
    ticket: str,
) -> None:
    if form is FORMS["apns voip"]:
        kind = Kind.CALL
    body = built(
        form, kind=kind, alert=alert, extra=tuple(extra), from_name=name, from_uri=uri, call_id=call_id, ticket=ticket
    )
    if body is None:
        # All that may go has gone; what is left does not fit.
        written = json.dumps(clean(call_id), ensure_ascii=False)
        if form is FORMS["hms"]:
            written = json.dumps(written, ensure_ascii=False)  # its data are JSON within JSON
        assert len(written.encode()) > form.limit - 1200
        return
    said = json.loads(body.decode("utf-8", "strict"))
    assert form.size(body) <= form.limit
    assert json.dumps(kind.value) in body.decode().replace("\\", "")
    assert isinstance(said, dict)


@each
@pytest.mark.parametrize("piece", PIECES)
def test_what_cannot_fit_is_refused_whatever_it_is_made_of(form: Form, piece: str) -> None:
    assert built(form, call_id=piece * 6000) is None


@each
@pytest.mark.parametrize("piece", PIECES)
def test_a_payload_is_filled_to_its_bound_and_no_further(form: Form, piece: str) -> None:
    body = built(form, alert=Alert(body=piece * 6000, sound="s"), from_name="")
    assert body is not None
    # One more piece would not have fitted; quoted in JSON inside JSON it takes up to 8 octets a character.
    assert form.limit - 8 * len(piece) < form.size(body) <= form.limit


@each
def test_the_bound_is_meant_to_the_octet(form: Form) -> None:
    bare = form.push(alert=None, from_name="", from_uri="", extra=())
    room = form.limit - form.size(form.build(replace(bare, notice=replace(bare.notice, call_id=""))))
    assert built(form, alert=None, from_name="", from_uri="", call_id="x" * (room + 1)) is None
    exact = built(form, alert=None, from_name="", from_uri="", call_id="x" * room)
    assert exact is not None
    assert form.size(exact) == form.limit


@each
def test_a_call_keeps_what_a_phone_needs_to_ring_whatever_else_goes(form: Form) -> None:
    long = "x" * 6000
    extra = tuple((f"x{number}", long) for number in range(4))
    body = built(form, from_name=long, from_uri=long, alert=Alert(title=long, body=long, sound="ring"), extra=extra)
    assert body is not None
    for needed in ("8f14e45fceea167a5a36dedd4bea2543", "3848276298220188511@atlanta.example.com", "deadline_ms"):
        assert needed.encode() in body


def test_a_voip_push_has_more_room_than_any_other() -> None:
    text = "x" * 4500
    assert built(FORMS["apns voip"], call_id=text) is not None
    assert built(FORMS["apns remote"], call_id=text) is None
    assert FORMS["apns voip"].push().service is Service.VOIP
