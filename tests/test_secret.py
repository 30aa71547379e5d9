"""Claims about secrets: no way out but `reveal()`, and that only where a file is allowed to."""

import ast
import copy
import dataclasses
import json
import pickle
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.secret import Secret, Token

HOUSE = Path(__file__).parents[1] / "src/ringwake"
MAY_REVEAL = (
    "api/accounts.py",
    "api/apps.py",
    "api/device_token.py",
    "cli/account.py",
    "cli/operator.py",
    "cli/pbx_login.py",
    "config/state.py",
    "connector/edge.py",
    "push/apns/client.py",
    "push/transport/curl_options.py",
    "push/fcm/client.py",
    "push/fcm/google_http.py",
    "push/hms/client.py",
    "push/hms/oauth.py",
    "push/hook/client.py",
    "push/hook/signature.py",
    "push/transport/identity.py",
    "push/provider_jwt.py",
    "push/transport/proxy.py",
    "push/webpush/client.py",
    "push/webpush/encryption.py",
    "registrar/credentials.py",
    "secret.py",
    "softphone/account_api.py",
    "softphone/pushbox.py",
    "softphone/tokens.py",
    "store/keys.py",
    "store/sqlite/sealed_part.py",
    "store/sqlite/sealing.py",
    "ua/digest_retry.py",
    "ua/registration.py",
    "wake/destination.py",
)
"""Files that may call `reveal()`. Make it shorter when you can."""

VALUE = "canary-4711"
SECRET, OCTETS = Secret(VALUE), Secret(VALUE.encode())
TOKEN = Token(provider="fcm", app="project", value=VALUE)
ALL: list[Secret[str] | Secret[bytes] | Token] = [SECRET, OCTETS, TOKEN]


@dataclasses.dataclass
class Holder:
    """Something that has a secret."""

    secret: object


def test_the_value_comes_out_by_reveal() -> None:
    assert SECRET.reveal() == VALUE
    assert OCTETS.reveal() == VALUE.encode()
    assert TOKEN.reveal() == VALUE


@pytest.mark.parametrize("hidden", ALL)
@pytest.mark.parametrize(
    "leak",
    [
        str,
        "{}".format,
        lambda hidden: f"{hidden}",
        lambda hidden: f"{hidden:>20}",
        lambda hidden: "%s" % hidden,  # noqa: UP031  this way out too
        lambda hidden: b"".join([hidden]),
        json.dumps,
        msgspec.json.encode,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        vars,
        iter,
        lambda hidden: dataclasses.asdict(Holder(hidden)),
    ],
)
def test_every_other_way_out_is_closed(leak: Callable[[object], object], hidden: object) -> None:
    with pytest.raises(TypeError) as caught:
        leak(hidden)
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize("hidden", ALL)
def test_a_repr_shows_no_value(hidden: object) -> None:
    assert VALUE not in repr(hidden)
    assert VALUE not in repr(Holder(hidden))
    assert VALUE not in f"{hidden!r}"


def test_a_token_is_shown_as_its_label() -> None:
    assert TOKEN.label == f"fcm:project:{TOKEN.digest[:8]}"
    assert repr(TOKEN) == f"Token({TOKEN.label})"
    assert repr(SECRET) == "Secret(...)"


def test_a_digest_names_service_app_and_token() -> None:
    same = Token(provider="fcm", app="project", value=VALUE)
    others = [
        Token(provider="apns", app="project", value=VALUE),
        Token(provider="fcm", app="other", value=VALUE),
        Token(provider="fcm", app="project", value="other"),
        Token(provider="fcm", app="", value=f"project\0{VALUE}"[1:]),
    ]
    assert same.digest == TOKEN.digest
    assert len({TOKEN.digest, *(other.digest for other in others)}) == 5


@given(st.text() | st.binary().map(lambda octets: octets.decode("utf-8", "surrogateescape")))
def test_secrets_of_equal_value_are_equal(value: str) -> None:
    one, same, other = Secret(value), Secret(value), Secret(f"{value}x")
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert Secret(value.encode("utf-8", "surrogateescape")) == one


def test_tokens_of_equal_value_are_equal() -> None:
    same, other = Token(provider="fcm", app="project", value=VALUE), Token(provider="fcm", app="project", value="x")
    assert same == TOKEN
    assert hash(same) == hash(TOKEN)
    assert other != TOKEN


@pytest.mark.parametrize("hidden", ALL)
def test_a_secret_equals_nothing_that_is_none(hidden: object) -> None:
    assert hidden != VALUE
    assert hidden != VALUE.encode()


def reveals(source: str) -> Iterator[int]:
    """Yield the lines on which the code reaches for `reveal`, called or not, by name or by text."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr="reveal") | ast.Constant(value="reveal") | ast.Name(id="reveal"):
                yield node.lineno


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = token.reveal()", [1]),
        ("\nmap(Secret.reveal, secrets)", [2]),
        ("getattr(token, 'reveal')()", [1]),
        ("'''reveal() is the only door'''\ntoken.label", []),
    ],
)
def test_a_reach_for_the_value_is_seen(source: str, lines: list[int]) -> None:
    assert list(reveals(source)) == lines


def test_only_allowed_files_reveal() -> None:
    culprits = [
        f"{name}:{line}"
        for path in sorted(HOUSE.rglob("*.py"))
        if not any(fnmatch(name := path.relative_to(HOUSE).as_posix(), pattern) for pattern in MAY_REVEAL)
        for line in reveals(path.read_text())
    ]
    assert culprits == [], "pass the Secret on and reveal it where it is used, or add the file to MAY_REVEAL"
