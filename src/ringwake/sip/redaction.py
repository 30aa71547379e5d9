"""Push tokens out of texts that go to somebody else (RFC 8599 section 13; standards S3).

A text is taken apart no further than its separators, so a malformed one is cleaned like any other, and all else in it
stays as written. A parameter goes when its name is one of a token's, in any case and with any of its letters escaped,
or when such a parameter stands, escaped, in its value.
"""

from __future__ import annotations

import re

from ringwake.sip.grammar import closing_quote, split

_SECRET = ("provider", "param", "prid", "tok")
"""What may not leave the edge; pn-purr may. `pn-tok` is an older name of the token (Linphone)."""


def _escapes(letter: str) -> str:
    return "|".join(f"{ord(one):02x}" for one in {letter.lower(), letter.upper()})


def _spelled(word: str) -> str:
    """Match a word with any letter escaped, also when what holds it was escaped once more: `%2570` is a p."""
    return "".join(f"(?:{re.escape(letter)}|%(?:25)*(?:{_escapes(letter)}))" for letter in word)


_NAME = f"{_spelled('pn-')}(?:{'|'.join(map(_spelled, _SECRET))})"
_NAMED = re.compile(
    rf"(?:^|[;&?,<\" \t]|%(?:25)*(?:3b|26|3f|2c|3c|22|20)){_NAME}[ \t]*(?:=|%(?:25)*3d)"  # with a value
    rf"|(?:^|;){_NAME}(?=[ \t]*(?:[;>?&,]|$))",  # without one
    re.IGNORECASE,
)
_ESCAPED = re.compile(f"%(?:25)*(?:{'|'.join(map(_escapes, 'pn-'))})")


def may_hold_token(text: str) -> bool:
    """Tell at little cost whether it is worth while to clean a text."""
    lower = text.lower()
    return "pn-" in lower or ("%" in lower and _ESCAPED.search(lower) is not None)


def names_token(text: str) -> bool:
    """Tell whether a parameter, or a text that holds parameters, names a token."""
    return may_hold_token(text) and _NAMED.search(text) is not None


def clean_field(text: str) -> str:
    """Return the text of a header field without tokens, whatever field it is.

    Raises:
        ParseError: a quote or bracket is not closed: it cannot be cleaned, and may not pass.
    """
    values = [_clean_value(value) for value in split(text, ",")]
    return ", ".join(value for value in values if value)


def clean_uri(uri: str) -> str:
    """Return a URI of any scheme without tokens: in its user part, its parameters and its header fields."""
    user, at, rest = uri.rpartition("@")
    rest, mark, fields = rest.partition("?")
    kept = "&".join(field for field in fields.split("&") if not names_token(field))
    user = _clean_params(user)
    if user.endswith(":"):  # nothing is left of it
        at = ""
    return f"{user}{at}{_clean_params(rest)}{mark if kept else ''}{kept}"


def _clean_value(value: str) -> str:
    head, *params = split(value, ";")
    return ";".join([_clean_head(head), *(param for param in params if not names_token(param))])


def _clean_head(head: str) -> str:
    """Clean what stands ahead of the parameters: a display name and a URI in brackets, or anything else."""
    opened = head.find("<", closing_quote(head, 0) if head.startswith('"') else 0)
    closed = head.find(">", opened)
    if opened < 0 or closed < 0:
        return "" if names_token(head) else head
    display, rest = ("" if names_token(text) else text for text in (head[:opened], head[closed + 1 :]))
    return f"{display}<{clean_uri(head[opened + 1 : closed])}>{rest}"


def _clean_params(text: str) -> str:
    head, *params = text.split(";")
    if (named := _NAMED.search(head)) is not None:  # all escaped, in a user part
        head = head[: named.start()]
    return ";".join([head, *(param for param in params if not names_token(param))])
