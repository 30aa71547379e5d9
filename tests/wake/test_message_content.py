"""Claims about what a MESSAGE carries: only what is for a person wakes a phone."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import request

from ringwake.wake.message_content import Content, content_of

COMPOSING = "application/im-iscomposing+xml"
DISPOSITION = "message/imdn+xml"


def carried(media: str, body: bytes = b"") -> Content:
    made = request("MESSAGE")
    made.headers.append("content-type", media)
    made.body = body
    return content_of(made)


@pytest.mark.parametrize(
    ("media", "content"),
    [
        ("text/plain", Content.SAID),
        ("text/plain;charset=utf-8", Content.SAID),
        ("multipart/mixed;boundary=x", Content.SAID),
        ("application/vnd.gsma.rcs-ft-http+xml", Content.SAID),
        (COMPOSING, Content.COMPOSING),
        ("Application / IM-isComposing+XML ;charset=utf-8", Content.COMPOSING),
        (DISPOSITION, Content.DISPOSITION),
        ("message/imdn+xml;charset=utf-8", Content.DISPOSITION),
        ("message/imdn", Content.SAID),
        ("", Content.SAID),
    ],
)
def test_the_media_type_decides(media: str, content: Content) -> None:
    assert carried(media) is content


def test_a_message_without_a_content_type_is_for_a_person() -> None:
    assert content_of(request("MESSAGE")) is Content.SAID


def cpim(*fields: str, end: str = "\r\n") -> bytes:
    """Wrap something with these header fields."""
    outer = ["From: Boss <im:boss@example.com>", "NS: imdn <urn:ietf:params:imdn>", "imdn.Message-ID: 34jk"]
    return end.join([*outer, "", *fields, "", "Content-type: message/imdn+xml"]).encode()


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(
    ("fields", "content"),
    [
        (("Content-type: text/plain; charset=utf-8",), Content.SAID),
        (("Content-Disposition: notification", f"content-TYPE : {DISPOSITION}"), Content.DISPOSITION),
        (("Content-type:", f" {DISPOSITION}"), Content.DISPOSITION),
        (("Content-type:", f"\t{COMPOSING}", "Content-Length: 5"), Content.COMPOSING),
        (("Content-Length: 5",), Content.SAID),
        ((), Content.SAID),
    ],
)
def test_what_is_wrapped_decides_in_a_message_cpim(fields: tuple[str, ...], content: Content, end: str) -> None:
    assert carried("message/cpim", cpim(*fields, end=end)) is content
    assert carried("Message/CPIM;charset=UTF-8", cpim(*fields, end=end)) is content


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\xff\xfe\x00", b"a" * 100_000, b"\n" * 100_000])
def test_a_cpim_that_cannot_be_read_is_for_a_person(body: bytes) -> None:
    assert carried("message/cpim", body) is Content.SAID
