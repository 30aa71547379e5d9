"""One Push Kit send request, checked without knowing any device; written from Huawei's reference of the send method."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ringwake.emulators.refusal import RefusedError

MOST_OCTETS = 4096
MOST_TOKENS = 1000
MOST_TTL_SECONDS = 1_296_000
USUAL_TTL_SECONDS = 86_400
PARAMETER, STRUCTURE, EXPIRED, COLLAPSE_KEY = "80100001", "80100003", "80100004", "80100013"
TOO_LONG, TOKEN_COUNT = "80300008", "80300010"
_TTL = re.compile(r"([0-9]{1,9})[sS]?")
_TARGETS = ("token", "topic", "condition")


@dataclass(frozen=True, slots=True, kw_only=True)
class HmsMessage:
    """What a sender asks of Push Kit."""

    tokens: tuple[str, ...]
    """None: the target is a topic or a condition."""
    data: str
    urgency: str
    category: str
    ttl_seconds: int
    group: int
    """collapse_key: -1 is none."""
    validate_only: bool


def read_message(request: Mapping[str, object]) -> HmsMessage:
    """Read a send request; raises RefusedError with Push Kit's code."""
    message = request.get("message")
    if not isinstance(message, dict):
        raise RefusedError(STRUCTURE, "no message")
    validate_only = request.get("validate_only", False)
    if not isinstance(validate_only, bool):
        raise RefusedError(PARAMETER, "validate_only is no truth value")
    android = message.get("android", {})
    if not isinstance(android, dict):
        raise RefusedError(STRUCTURE, "android is no object")
    tokens = _tokens(message)
    _check_size(request, message)
    return HmsMessage(
        tokens=tokens,
        data=_data(message, android),
        urgency=_word(android, "urgency", ("NORMAL", "HIGH")),
        category=str(android.get("category", "")),
        ttl_seconds=_ttl(android),
        group=_group(android),
        validate_only=validate_only,
    )


def _tokens(message: Mapping[str, object]) -> tuple[str, ...]:
    if sum(name in message for name in _TARGETS) != 1:
        raise RefusedError(TOKEN_COUNT, "not exactly one of token, topic and condition")
    tokens = message.get("token", [])
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise RefusedError(STRUCTURE, "token is no list of texts")
    if "token" in message and not 1 <= len(tokens) <= MOST_TOKENS:
        raise RefusedError(TOKEN_COUNT, f"not 1 to {MOST_TOKENS} tokens")
    return tuple(tokens)


def _check_size(request: Mapping[str, object], message: Mapping[str, object]) -> None:
    without = {**request, "message": {name: value for name, value in message.items() if name != "token"}}
    if len(msgspec.json.encode(without)) > MOST_OCTETS:
        raise RefusedError(TOO_LONG, f"over {MOST_OCTETS} octets without the tokens")


def _data(message: Mapping[str, object], android: Mapping[str, object]) -> str:
    data = android.get("data", message.get("data", ""))
    if not isinstance(data, str):
        raise RefusedError(STRUCTURE, "data is no text")
    if not data and "notification" not in message and "notification" not in android:
        raise RefusedError(STRUCTURE, "neither data nor notification")
    return data


def _word(android: Mapping[str, object], name: str, words: tuple[str, ...]) -> str:
    word = android.get(name, words[0])
    if word not in words:
        raise RefusedError(PARAMETER, f"{name} is not {' or '.join(words)}")
    return str(word)


def _ttl(android: Mapping[str, object]) -> int:
    given = android.get("ttl", f"{USUAL_TTL_SECONDS}s")
    match = _TTL.fullmatch(given) if isinstance(given, str) else None
    if match is None or int(match[1]) > MOST_TTL_SECONDS:
        raise RefusedError(PARAMETER, f"ttl is not seconds up to {MOST_TTL_SECONDS}s, as text")
    if not int(match[1]):
        raise RefusedError(EXPIRED, "ttl is over already")
    return int(match[1])


def _group(android: Mapping[str, object]) -> int:
    group = android.get("collapse_key", -1)
    if not isinstance(group, int) or isinstance(group, bool) or not -1 <= group <= 100:
        raise RefusedError(COLLAPSE_KEY, "collapse_key is not -1 to 100")
    return group
