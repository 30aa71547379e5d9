"""From a file to a configuration that was checked; from a wrong one to a line that names the file and the mend."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.refusal import CANARY, TENANT, file_refusal, outcome, refusal, written

from ringwake.config.load import load, parse
from ringwake.config.schema import Config

DESIGN = """\
[server]
data = "ringwake.db"
http = "127.0.0.1:8080"
lab = false

[wake]
wake_timeout = 20
ring_timeout = 60
grant = 2592000
refresh_every = 604800
refresh_lead = 43200

[[listen]]
transport = "udp"
address = "127.0.0.1:5060"

[[listen]]
transport = "wss"
address = "127.0.0.1:5061"
certificate = "server.pem"
key = "server.key"
origins = ["https://phone.example.com"]

[[tenant]]
domain = "example.com"
upstream = "none"

[[tenant.account]]
user = "alice"
password = "..."

[[peer]]
address = "10.0.0.5"
may_call = true

[[app]]
provider = "apns"
tenant = "example.com"
param = "TEAM123456.com.example.phone"
key_file = "AuthKey_ABC.p8"
key_id = "ABCDE12345"
endpoint = "https://127.0.0.1:8443"
ca_file = "emulator-ca.pem"

[[app]]
provider = "fcm"
tenant = "example.com"
param = "example-phone"
service_account = "sa.json"

[[app]]
provider = "webpush"
tenant = "example.com"
vapid_key_file = "vapid.pem"

[public]
listen = "0.0.0.0:8443"
url = "https://phones.example.com"
certificate = "server.pem"
key = "server.key"

[api]
token_file = "api.token"

[limits]
failures_per_minute = 20

[log]
level = "info"
format = "json"
"""


def test_the_shape_that_the_design_promises_is_read() -> None:
    config = parse(DESIGN)
    assert [listen.transport for listen in config.listen] == ["udp", "wss"]
    assert [account.user for account in config.tenant[0].account] == ["alice"]
    assert [app.provider for app in config.app] == ["apns", "fcm", "webpush"]
    assert config.peer[0].may_call
    assert config.public is not None
    assert (config.api.token_file, config.log.format) == ("api.token", "json")


def test_an_empty_file_has_the_documented_defaults() -> None:
    config = parse("")
    assert config == Config()
    assert (config.server.http, config.server.lab) == ("127.0.0.1:8080", False)
    assert (config.wake.wake_timeout, config.wake.ring_timeout, config.wake.grant) == (20, 60, 2_592_000)
    assert (config.wake.refresh_every, config.wake.refresh_lead) == (604_800, 43_200)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_is_utf8_and_may_begin_with_an_editors_mark(tmp_path: Path, mark: str) -> None:
    assert load(written(tmp_path, f"{mark}[server]\ndata = 'größe.db'")).server.data == "größe.db"


def test_a_file_is_utf8_whatever_the_locale(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\ndata = 'größe.db'")
    program = "import sys; from pathlib import Path; from ringwake.config.load import load; load(Path(sys.argv[1]))"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    subprocess.run([sys.executable, "-c", program, str(path)], env=environment, check=True)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    assert file_refusal(missing) == f"{missing}: cannot be read: No such file or directory"
    assert file_refusal(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"
    loop = tmp_path / "loop.toml"
    loop.symlink_to(loop)
    assert file_refusal(loop) == f"{loop}: cannot be read: Too many levels of symbolic links"
    octets = tmp_path / "latin1.toml"
    octets.write_bytes(b'[server]\ndata = "\xe4.db"')
    assert file_refusal(octets) == f"{octets}: cannot be read: it is not UTF-8: save it as that"


def test_every_error_of_a_file_begins_with_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\nhttp = 1")
    assert file_refusal(path) == f"{path}: {refusal(path.read_text())}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[server\n", r"not TOML: .*\(at line 1, column 8\)"),
        (f'[[tenant.account]]\npassword = {CANARY}"', r"not TOML: .*\(at line 2, column 12\)"),
        (f'password = "{CANARY}', r"not TOML: .*line 1|not TOML: .*end of document"),
        (f'password = "{CANARY}\\q"', r"not TOML: "),
        (f'password = """{CANARY}', r"not TOML: "),
        (f'password = "{CANARY}"\npassword = "{CANARY}"', r"not TOML: Cannot overwrite a value"),
        ("[server]\n[server]", r"not TOML: "),
        ("x = " + "9" * 5000, "not TOML: a number has too many digits"),
        ("x = " + "[" * 3000, "nested too deeply"),
        ("x = " + "[" * 900 + "]" * 900, r"unknown key `x`|nested too deeply"),
        ("x = 2026-13-45", "not TOML: "),
        ("a = 1\x00", "not TOML: "),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, error: str) -> None:
    assert re.match(error, refusal(text))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('"a\\nb" = 1', "a key"),
        ('"\\u001b[2J" = 1', "a key"),
        ('[server]\n"a\\u2028" = 1', "server"),
        ('[server]\ndata = "a\\u0000.db"', "server.data"),
        ('[[listen]]\ntransport = "ws"\naddress = "127.0.0.1:1"\norigins = ["a\\nb"]', "listen[0].origins[0]"),
        (
            f'[[tenant]]\ndomain = "a"\n[[tenant.account]]\nuser = "a"\npassword = "{CANARY}\\r\\n"',
            "tenant[0].account[0]",
        ),
    ],
)
def test_a_control_character_is_refused_and_not_repeated(text: str, place: str) -> None:
    error = refusal(text)
    assert error.startswith(place)
    assert error.endswith(": a control character stands in it: remove it")


@given(st.text())
def test_no_text_raises_anything_but_a_configuration_error(text: str) -> None:
    outcome(text)


@given(
    st.sampled_from(("server", "wake", "public", "limits", "log", "api", "lab")),
    st.sampled_from(("http", "data", "lab", "grant", "listen", "url", "level", "token_file", "inbox", "x")),
    st.sampled_from(("1", "-1", "0.5", "inf", "nan", "true", "[]", "{}", "''", "'x'", "1979-05-27", "[[1]]", "'[::1'")),
)
def test_no_value_raises_anything_but_a_configuration_error(table: str, key: str, value: str) -> None:
    outcome(f"[{table}]\n{key} = {value}")


def test_a_configuration_in_a_log_line_shows_no_password() -> None:
    assert CANARY not in repr(parse(TENANT))
