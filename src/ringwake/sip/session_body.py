"""The session description in a message's body: alone, or as one part of several (RFC 3261 7.4, RFC 5621)."""

from __future__ import annotations

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS
from ringwake.sip.message import Message
from ringwake.sip.params import Params
from ringwake.sip.sdp import CONTENT_TYPE

_MULTIPART = "multipart/mixed"
_LINE = b"\r\n"


def find_sdp(message: Message) -> slice | None:
    """Return where in the body the session description stands; None when there is none that can be read.

    One that is encoded, or about something else than the session (Content-Disposition, RFC 3959), is none.
    """
    headers = message.headers
    if not message.body or not _is_plain(headers.get("content-encoding"), headers.get("content-disposition")):
        return None
    kind, params = _media_type(headers.get("content-type"))
    if kind == CONTENT_TYPE:
        return slice(0, len(message.body))
    boundary = (params.get("boundary") or "").strip('"')
    if kind != _MULTIPART or not boundary:
        return None
    return _find_part(message.body, boundary.encode("utf-8", "surrogateescape"))


def has_unread_sdp(message: Message) -> bool:
    """Tell whether a body names a session description that `find_sdp` does not find."""
    names = CONTENT_TYPE.encode()
    kind, _ = _media_type(message.headers.get("content-type"))
    is_named = kind == CONTENT_TYPE or (kind.startswith("multipart/") and names in message.body.lower())
    return bool(message.body) and is_named and find_sdp(message) is None


def replace_sdp(message: Message, place: slice, sdp: bytes) -> None:
    """Put another description in its place; the other parts stay as they are."""
    message.body = message.body[: place.start] + sdp + message.body[place.stop :]


def _find_part(body: bytes, boundary: bytes) -> slice | None:
    """Find the first part that is a session description (RFC 2046 section 5.1.1)."""
    # The first delimiter may stand at the very beginning, all others after a line's end.
    delimiter, text = _LINE + b"--" + boundary, _LINE + body
    at = text.find(delimiter)
    while at >= 0:
        begin = text.find(_LINE, at + len(delimiter))
        end = text.find(delimiter, begin) if begin >= 0 else -1
        if end < 0:
            return None
        head, empty, _ = text[begin:end].partition(_LINE + _LINE)
        if empty and _is_session(head):
            return slice(begin + len(head) + len(empty) - len(_LINE), end - len(_LINE))
        at = end
    return None


def _is_session(head: bytes) -> bool:
    fields: dict[str, str] = {}
    for line in head.decode("utf-8", "surrogateescape").split("\r\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(LWS).lower(), value)
    kind, _ = _media_type(fields.get("content-type", fields.get("c")))
    encoding = fields.get("content-transfer-encoding", "binary").strip(LWS).lower()
    is_plain = _is_plain(fields.get("content-encoding"), fields.get("content-disposition"))
    return kind == CONTENT_TYPE and is_plain and encoding in ("binary", "8bit", "7bit")


def _media_type(text: str | None) -> tuple[str, Params]:
    kind, _, rest = (text or "").partition(";")
    try:
        return kind.strip(LWS).lower(), Params.parse(rest)
    except ParseError:
        return "", Params()


def _is_plain(encoding: str | None, disposition: str | None) -> bool:
    about = (disposition or "session").partition(";")[0].strip(LWS).lower()
    return (encoding or "identity").strip(LWS).lower() == "identity" and about == "session"
