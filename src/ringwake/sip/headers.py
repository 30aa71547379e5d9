"""Header fields in the order received: a field is parsed when asked for, and forwarded as it came (design.md 5).

Names compare without case, and compact forms are the same as long ones (RFC 3261 sections 7.3.1 and 20). Inside, a
field is known by its key: the long name in lower case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ringwake.sip.grammar import LWS, split

_NAMES = (
    "Accept",
    "Accept-Contact",
    "Alert-Info",
    "Allow",
    "Allow-Events",
    "Authentication-Info",
    "Authorization",
    "Call-ID",
    "Call-Info",
    "Contact",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Type",
    "CSeq",
    "Date",
    "Event",
    "Expires",
    "Feature-Caps",
    "From",
    "Max-Breadth",
    "Max-Forwards",
    "MIME-Version",
    "Min-Expires",
    "P-Asserted-Identity",
    "Path",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Require",
    "RAck",
    "Reason",
    "Record-Route",
    "Refer-To",
    "Referred-By",
    "Reject-Contact",
    "Replaces",
    "Require",
    "Retry-After",
    "Route",
    "RSeq",
    "Server",
    "Service-Route",
    "Session-Expires",
    "Subject",
    "Supported",
    "Timestamp",
    "To",
    "Unsupported",
    "User-Agent",
    "Via",
    "Warning",
    "WWW-Authenticate",
)
_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}
_SPELLING = {name.lower(): name for name in _NAMES}
# The common spellings, found with one look-up and without making a lower-case copy.
_KEYS = {**{name: name.lower() for name in _NAMES}, **{name.lower(): name.lower() for name in _NAMES}, **_COMPACT}
_KEYS.update({short.upper(): key for short, key in _COMPACT.items()})
# One comma in them belongs to the challenge or the credentials (RFC 3261 section 7.3.1).
_NEVER_SPLIT = frozenset({"authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate"})


def key_of(name: str) -> str:
    """Return the key of a field name as it stands on the wire."""
    return _KEYS.get(name) or _KEYS.get(name.lower()) or name.lower()


def spelling(key: str) -> str:
    """Return how we write a field's name."""
    return _SPELLING.get(key) or key.title()


class Headers:
    """An ordered collection of header fields."""

    __slots__ = ("_keys", "_lines")

    def __init__(self, keys: list[str] | None = None, lines: list[str] | None = None) -> None:
        self._keys = keys if keys is not None else []
        self._lines = lines if lines is not None else []
        """Whole lines, `Name: value`, unfolded, the name as received."""

    def get(self, key: str) -> str | None:
        """Return the text of the first field, or None."""
        try:
            line = self._lines[self._keys.index(key)]
        except ValueError:
            return None
        return line[line.index(":") + 1 :].strip(LWS)

    def texts(self, key: str) -> list[str]:
        """Return the text of each field of that name, unsplit."""
        if key not in self._keys:
            return []
        found = (line for known, line in zip(self._keys, self._lines, strict=True) if known == key)
        return [line[line.index(":") + 1 :].strip(LWS) for line in found]

    def values(self, key: str) -> list[str]:
        """Return each value, comma lists taken apart; empty elements are left out.

        Raises:
            ParseError: a quote or bracket is not closed.
        """
        found: list[str] = []
        for text in self.texts(key):
            if "," in text and key not in _NEVER_SPLIT:
                found += [value for value in split(text, ",") if value]
            elif text:
                found.append(text)
        return found

    def count(self, key: str) -> int:
        """Return how many fields of that name there are."""
        return self._keys.count(key)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Iterate over (key, text)."""
        for key, line in zip(self._keys, self._lines, strict=True):
            yield key, line[line.index(":") + 1 :].strip(LWS)

    def append(self, key: str, text: str) -> None:
        """Add a field at the end."""
        self._keys.append(key)
        self._lines.append(f"{spelling(key)}: {text}")

    def push(self, key: str, text: str) -> None:
        """Add a field above the others of its name, or at the top."""
        at = self._keys.index(key) if key in self._keys else 0
        self._keys.insert(at, key)
        self._lines.insert(at, f"{spelling(key)}: {text}")

    def set(self, key: str, text: str) -> None:
        """Leave exactly one field of that name, in the place of the first."""
        at = self._keys.index(key) if key in self._keys else len(self._keys)
        self.remove(key)
        self._keys.insert(at, key)
        self._lines.insert(at, f"{spelling(key)}: {text}")

    def remove(self, *keys: str) -> None:
        """Remove all fields of these names."""
        if any(key in self._keys for key in keys):
            pairs = [(k, line) for k, line in zip(self._keys, self._lines, strict=True) if k not in keys]
            self._keys = [k for k, _ in pairs]
            self._lines = [line for _, line in pairs]

    def replace_values(self, key: str, values: list[str]) -> None:
        """Write the values of a name anew, one field each, in the place of the first."""
        at = self._keys.index(key) if key in self._keys else len(self._keys)
        self.remove(key)
        self._keys[at:at] = [key] * len(values)
        self._lines[at:at] = [f"{spelling(key)}: {value}" for value in values]

    def replace_first(self, key: str, value: str) -> None:
        """Put another value in the place of the first one; the rest of its line stays."""
        self._rewrite_first(key, value)

    def drop_first(self, key: str) -> None:
        """Remove the first value; the rest of its line stays."""
        self._rewrite_first(key, None)

    def _rewrite_first(self, key: str, value: str | None) -> None:
        at = self._keys.index(key)
        line = self._lines[at]
        # Empty elements are left out as in `values`, or another value than the one it shows first would be rewritten.
        values = [each for each in split(line[line.index(":") + 1 :].strip(LWS), ",") if each]
        if not values:
            del self._keys[at], self._lines[at]
            self._rewrite_first(key, value)
            return
        kept = values[1:] if value is None else [value, *values[1:]]
        if kept:
            self._lines[at] = f"{spelling(key)}: {', '.join(kept)}"
        else:
            del self._keys[at], self._lines[at]

    def rewrite(self, change: Callable[[str, str], str]) -> None:
        """Put what a function makes of each (key, text) in its place; a field that becomes empty is removed."""
        keys, lines = [], []
        for key, line in zip(self._keys, self._lines, strict=True):
            name, _, text = line.partition(":")
            before = text.strip(LWS)
            after = change(key, before)
            if after or after == before:
                keys.append(key)
                lines.append(line if after == before else f"{name}: {after}")
        self._keys, self._lines = keys, lines

    def copy(self) -> Headers:
        """Return an independent copy."""
        return Headers(self._keys.copy(), self._lines.copy())

    def has_line_break(self) -> bool:
        """Tell whether a CR or LF stands in a field: none that was received, but one that we made may."""
        joined = "".join(self._lines)
        return "\n" in joined or "\r" in joined

    def text(self) -> str:
        """Return the fields as they go on the wire, each line ended."""
        return "\r\n".join(self._lines) + "\r\n" if self._lines else ""
