"""RFC 5626 (flows) and RFC 3327 (Path) on the wire: `+sip.instance`, `reg-id`, `ob`, and the option tags."""

from __future__ import annotations

from ringwake.sip.address import NameAddr, parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.headers import Headers

OUTBOUND = "outbound"
"""Option tag: in Supported, "I know flows"; in Require of a 2xx, "this binding is one" (RFC 5626 section 6)."""
PATH = "path"
"""Option tag of RFC 3327."""
SUPPORTED = f"{PATH}, {OUTBOUND}"
"""What a registrar of ours knows, as Supported says it."""
MAX_REG_ID = 2**31 - 1
MAX_PATH = 16
"""Path values of one REGISTER (reliability S16)."""
_UUID = "<urn:uuid:"


def instance_id(contact: NameAddr) -> str:
    """Return `+sip.instance` of a Contact without quotes, or empty."""
    return canonical_instance((contact.params.get("+sip.instance") or "").strip('"'))


def canonical_instance(text: str) -> str:
    """Return the one way to write an instance-id, which has angle brackets.

    UUIDs compare without case (RFC 4122 section 3), so they are put into lower case; other URNs stay as written.
    """
    return text.lower() if text[: len(_UUID)].lower() == _UUID else text


def reg_id(contact: NameAddr) -> int:
    """Return `reg-id` of a Contact; 0 when it is absent or out of its range, or when no instance stands beside it."""
    text = contact.params.get("reg-id") or ""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_REG_ID)) and instance_id(contact)):
        return 0
    number = int(text)
    return number if number <= MAX_REG_ID else 0


def path_of(headers: Headers) -> tuple[str, ...]:
    """Return the Path values of a REGISTER, topmost first: that of the proxy that is nearest to us.

    Raises:
        ParseError: one is no SIP URI, or there are too many.
    """
    values = tuple(headers.values("path"))
    if len(values) > MAX_PATH:
        raise ParseError("there are too many Path values")
    for value in values:
        _ = parse_address(value).sip_uri
    return values


def has_flow(headers: Headers, path: tuple[str, ...]) -> bool:
    """Tell whether the phone's first hop keeps its flow (section 6): we do, or a proxy that wrote `ob` into its Path.

    Only the first hop writes it (section 5.1), so it counts wherever it stands.
    """
    return len(headers.values("via")) == 1 or any("ob" in parse_address(value).sip_uri.params for value in path)
