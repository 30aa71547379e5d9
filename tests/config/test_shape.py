"""A wrong key or type is told in the words of TOML, with its place and its mend."""

from __future__ import annotations

import pytest
from tests.config.refusal import CANARY, refusal

from ringwake.config.shape import explain


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[servre]", "unknown key `servre`: write `server`"),
        ("[server]\nhtpp = 1", "server: unknown key `htpp`: write `http`"),
        ("colour = 1", "unknown key `colour`: remove it, or see docs/reference/config.md for its name"),
        ('[[listen]]\ntransport = "udp"\naddress_ = "x"', "listen[0]: unknown key `address_`: write `address`"),
        (
            f'[[tenant]]\ndomain = "a"\n[[tenant.account]]\nuser = "a"\npass_word = "{CANARY}"',
            "tenant[0].account[0]: unknown key `pass_word`: write `password`",
        ),
        ("[public]\nlisten_on = 1", "public: unknown key `listen_on`: write `listen`"),
    ],
)
def test_an_unknown_key_comes_with_the_one_that_is_meant(text: str, error: str) -> None:
    assert refusal(text) == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[[listen]]", "listen[0]: the key `transport` is missing: add it"),
        ('[[listen]]\ntransport = "udp"', "listen[0]: the key `address` is missing: add it"),
        ("[[tenant]]", "tenant[0]: the key `domain` is missing: add it"),
        ("[[app]]", "app[0]: the key `provider` is missing: add it"),
        ("[[peer]]", "peer[0]: the key `address` is missing: add it"),
        ("[public]", "public: the key `listen` is missing: add it"),
        ("[lab]", "lab: the key `inbox` is missing: add it"),
    ],
)
def test_a_missing_key_is_named(text: str, error: str) -> None:
    assert refusal(text) == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[server]\nlab = "true"', "server.lab: expected true or false, got text: write it without quotes"),
        ('[wake]\ngrant = "2592000"', "wake.grant: expected a number, got text: write it without quotes"),
        ("[server]\nhttp = 8080", "server.http: expected text, got a whole number: write it in quotes"),
        (
            f'[[tenant]]\ndomain = "a"\n[[tenant.account]]\nuser = "a"\npassword = {len(CANARY)}',
            "tenant[0].account[0].password: expected text, got a whole number: write it in quotes",
        ),
        ("server = 1", "server: expected a table, got a whole number: write [server]"),
        ("[[server]]", "server: expected a table, got a list: write [server]"),
        ("[[public]]", "public: expected a table, got a list: write [public]"),
        ("[listen]", "listen: expected a list, got a table: write [[listen]]"),
        ("tenant = [1]", "tenant[0]: expected a table, got a whole number: write [[tenant]]"),
        (
            '[[tenant]]\ndomain = "a"\naccount = "alice"',
            "tenant[0].account: expected a list, got text: write [[tenant.account]]",
        ),
        (
            '[[listen]]\ntransport = "ws"\naddress = "x"\norigins = "https://a.example"',
            'listen[0].origins: expected a list, got text: write it in brackets, like ["a", "b"]',
        ),
        ("[[peer]]\naddress = '::1'\nmay_call = 1", "peer[0].may_call: expected true or false, got a whole number"),
        (
            "[limits]\nfailures_per_minute = 1.5",
            "limits.failures_per_minute: expected a whole number, got a number: see docs/reference/config.md",
        ),
        ("[wake]\ngrant = true", "wake.grant: expected a number, got true or false: see docs/reference/config.md"),
        ("[server]\ndata = 1979-05-27", "server.data: expected text, got date: write it in quotes"),
    ],
)
def test_a_wrong_type_is_told_without_the_value(text: str, error: str) -> None:
    assert refusal(text).startswith(error)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            '[[listen]]\ntransport = "sctp"\naddress = "x"',
            'listen[0].transport: \'sctp\' is no choice: write one of "udp", "tcp", "tls", "ws", "wss"',
        ),
        ('[log]\nlevel = "INFO"', 'log.level: \'INFO\' is no choice: write one of "debug", "info", "warning", "error"'),
        (
            '[[app]]\nprovider = "wns"\ntenant = "a"',
            (
                "app[0].provider: 'wns' is no choice: "
                'write one of "apns", "fcm", "webpush", "unifiedpush", "hms", "http"'
            ),
        ),
    ],
)
def test_a_wrong_choice_comes_with_the_right_ones(text: str, error: str) -> None:
    assert refusal(text) == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[wake]\nwake_timeout = 0", "wake.wake_timeout: must be > 0: raise it"),
        ("[wake]\nring_timeout = -1", "wake.ring_timeout: must be > 0: raise it"),
        ("[wake]\ngrant = 0.5", "wake.grant: must be >= 1: raise it"),
        ("[wake]\ngrant = inf", "wake.grant: must be <= 4294967295: lower it"),
        ("[wake]\nrefresh_every = 5e9", "wake.refresh_every: must be <= 4294967295: lower it"),
        ("[wake]\nring_timeout = nan", "wake.ring_timeout: must be > 0: raise it"),
        ("[limits]\nmessage_seconds = inf", "limits.message_seconds: must be <= 4294967295: lower it"),
        ("[limits]\nfailures_per_minute = 0", "limits.failures_per_minute: must be >= 1: raise it"),
        ("[limits]\nmax_transactions = 99", "limits.max_transactions: must be >= 100: raise it"),
        ('[server]\ndata = ""', "server.data: it is empty: give it a value"),
    ],
)
def test_a_number_that_no_clock_or_header_can_hold_is_refused(text: str, error: str) -> None:
    assert refusal(text) == error


def test_what_msgspec_may_say_one_day_is_passed_on_with_its_place() -> None:
    assert explain("Something new - at `$.wake`") == "wake: something new: see docs/reference/config.md"
    assert explain("Something new") == "something new: see docs/reference/config.md"
