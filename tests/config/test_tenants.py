"""Tenants: domains, accounts, and how each stands to its PBX."""

from __future__ import annotations

import pytest
from tests.config.refusal import CANARY, TENANT, refusal

from ringwake.config.load import parse
from ringwake.config.schema import TenantSection

FILES = 'certificate = "server.pem"\nkey = "server.key"\n'
LISTEN = f"""\
[[listen]]
transport = "udp"
address = "127.0.0.1:5060"
[[listen]]
transport = "tcp"
address = "127.0.0.1:5060"
[[listen]]
transport = "tls"
address = "127.0.0.1:5061"
{FILES}
"""
CONNECTORS = f'[connectors]\nlisten = "127.0.0.1:5090"\n{FILES}'
MEDIA = '[media]\nrtpengine = "127.0.0.1:22222"\n'


def tenant(upstream: str, *lines: str, before: str = LISTEN) -> str:
    """Write a tenant in front of a PBX; `before` are the other tables."""
    return "\n".join([before, "[[tenant]]", 'domain = "example.com"', f'upstream = "{upstream}"', *lines, ""])


def taken(text: str) -> TenantSection:
    """Return the tenant of a file that is right."""
    (section,) = parse(text).tenant
    return section


# ---- domains and accounts


@pytest.mark.parametrize(
    "domain",
    [
        "exa mple.com",
        "sip:example.com",
        "alice@example.com",
        "example.com:5060",
        "example.com.",
        "example.com/x",
        "-example.com",
        "exämple.com",
        "*.example.com",
        "[::1",
        "a" * 64 + ".com",
    ],
)
def test_a_domain_is_one_that_an_address_of_record_can_have(domain: str) -> None:
    assert refusal(f'[[tenant]]\ndomain = "{domain}"').startswith("tenant[0].domain: no SIP domain: write it like ")


@pytest.mark.parametrize(
    "domain", ["example.com", "EXAMPLE.com", "localhost", "10.0.0.1", "[2001:db8::1]", "xn--exmple-cua.com"]
)
def test_names_and_addresses_are_domains(domain: str) -> None:
    assert parse(f'[[tenant]]\ndomain = "{domain}"').tenant[0].domain == domain


@pytest.mark.parametrize("again", ["example.com", "Example.COM"])
def test_a_domain_has_one_tenant(again: str) -> None:
    error = refusal(f'{TENANT}[[tenant]]\ndomain = "{again}"')
    assert error == "tenant[1].domain: example.com stands twice: merge the two tables"


def test_an_account_stands_once() -> None:
    again = f'[[tenant.account]]\nuser = "alice"\npassword = "{CANARY}"\n'
    assert refusal(TENANT + again) == (
        "tenant[0].account[1].user: alice stands twice in example.com: remove one of the two"
    )
    other = TENANT.replace("example.com", "example.net")
    assert len(parse(TENANT + other).tenant) == 2


@pytest.mark.parametrize(
    "user",
    [
        "alice@example.com",
        "sip:alice",
        "alice:secret",
        "al ice",
        "al%69ce",
        "alice%20",
        'al\\"ice',
        "älice",
        "<alice>",
        "a[b]",
    ],
)
def test_a_user_is_written_as_it_is_compared(user: str) -> None:
    text = TENANT.replace('user = "alice"', f'user = "{user}"')
    assert refusal(text).startswith("tenant[0].account[0].user: not the user part of a SIP URI: write it like ")


@pytest.mark.parametrize("user", ["alice", "Alice", "+15551234", "a/b", "a.b-c_d~e", "a;b", "100%"])
def test_what_a_sip_uri_allows_is_a_user(user: str) -> None:
    assert parse(TENANT.replace("alice", user)).tenant[0].account[0].user == user


# ---- the PBX


@pytest.mark.parametrize("upstream", ["path", "contact", "vault"])
@pytest.mark.parametrize(
    "pbx",
    [
        "sip:10.0.0.5",
        "sip:10.0.0.5:5070",
        "sip:pbx.example.com",
        "sip:10.0.0.5:5060;transport=tcp",
        "sip:pbx.example.com;transport=tls",
        "sips:pbx.example.com",
        "sip:[2001:db8::5]:5060;transport=UDP",
    ],
)
def test_a_pbx_is_a_sip_uri(upstream: str, pbx: str) -> None:
    assert taken(tenant(upstream, f'pbx = "{pbx}"')).pbx == pbx


@pytest.mark.parametrize(
    "pbx",
    ["", "10.0.0.5", "sip:", "sip:alice@10.0.0.5", "sip:10.0.0.5?subject=x", "tel:+15551234", "sip:10.0.0.5:port"],
)
@pytest.mark.parametrize("upstream", ["path", "contact", "vault"])
def test_what_is_no_address_of_a_pbx_is_refused(upstream: str, pbx: str) -> None:
    assert refusal(tenant(upstream, f'pbx = "{pbx}"')) == (
        'tenant[0].pbx: no address of a PBX: write it like "sip:10.0.0.5:5060;transport=tcp"'
    )


@pytest.mark.parametrize(
    ("pbx", "error"),
    [
        ("sip:10.0.0.5;transport=sctp", "10.0.0.5: no transport sctp here: use udp, tcp or tls"),
        ("sips:10.0.0.5;transport=udp", "10.0.0.5: sips over udp is not secure: use udp, tcp or tls"),
        ("sip:10.0.0.5;transport=ws", "no PBX is dialled by ws: use udp, tcp or tls"),
        ("sips:10.0.0.5;transport=wss", "no PBX is dialled by wss: use udp, tcp or tls"),
    ],
)
def test_a_transport_by_which_no_pbx_is_dialled_is_refused(pbx: str, error: str) -> None:
    assert refusal(tenant("path", f'pbx = "{pbx}"')) == f"tenant[0].pbx: {error}"


@pytest.mark.parametrize(
    ("pbx", "transport"),
    [
        ("sip:10.0.0.5", "udp"),
        ("sip:pbx.example.com", "udp"),
        ("sip:10.0.0.5;transport=tcp", "tcp"),
        ("sips:10.0.0.5", "tls"),
    ],
)
def test_a_pbx_needs_a_listener_by_which_it_can_dial_back(pbx: str, transport: str) -> None:
    other = "udp" if transport != "udp" else "tcp"
    before = f'[[listen]]\ntransport = "{other}"\naddress = "127.0.0.1:5060"\n'
    assert refusal(tenant("path", f'pbx = "{pbx}"', before=before)) == (
        f'tenant[0].pbx: the PBX would have no way back: add a [[listen]] with transport = "{transport}" that it can '
        "reach"
    )
    assert taken(tenant("path", f'pbx = "{pbx}"')).pbx == pbx


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pbx", '"sip:10.0.0.5"'),
        ("pbx_ca_file", '"ca.pem"'),
        ("connector", "true"),
        ("connector_token_file", '"token"'),
    ],
)
def test_without_a_pbx_nothing_may_be_said_of_it(name: str, value: str) -> None:
    assert refusal(tenant("none", f"{name} = {value}")) == (
        f'tenant[0].{name}: upstream = "none" has no use for it: remove it'
    )


@pytest.mark.parametrize("upstream", ["None", "PATH", "proxy", ""])
def test_a_mode_is_one_of_four(upstream: str) -> None:
    assert refusal(tenant(upstream, 'pbx = "sip:10.0.0.5"')).startswith("tenant[0].upstream: ")


def test_every_tenant_is_checked_by_its_own_place() -> None:
    text = tenant("path", 'pbx = "sip:10.0.0.5"') + '[[tenant]]\ndomain = "example.net"\nupstream = "vault"\n'
    assert refusal(text).startswith("tenant[1].pbx: no address of a PBX")


# ---- a PBX behind a connector


CONNECTOR = ("connector = true", 'connector_token_file = "token"', 'media = "relay"')
AROUND = LISTEN + CONNECTORS + MEDIA


def test_a_connector_needs_no_address_of_the_pbx() -> None:
    section = taken(tenant("contact", *CONNECTOR, before=AROUND))
    assert (section.connector, section.pbx) == (True, "")


@pytest.mark.parametrize(
    ("lines", "before", "error"),
    [
        (
            CONNECTOR,
            LISTEN + MEDIA,
            "connector: connectors have nowhere to dial in: add [connectors] with listen",
        ),
        (
            ("connector = true", 'media = "relay"'),
            AROUND,
            "connector_token_file: anybody could be this PBX: name a file with a token, or set connectors.client_ca",
        ),
        (
            CONNECTOR[:2],
            LISTEN + CONNECTORS,
            (
                'media: nobody can send RTP to a PBX behind a connector: set media = "relay", and add [media] with '
                'rtpengine = "127.0.0.1:22222"'
            ),
        ),
        (
            (*CONNECTOR, 'pbx = "sip:10.0.0.5"'),
            AROUND,
            "pbx: the connector says where the PBX is (ringwake connect --pbx): remove it",
        ),
        (
            ('pbx = "sip:10.0.0.5"', 'connector_token_file = "token"'),
            AROUND,
            "connector_token_file: no connector is expected: set connector = true, or remove it",
        ),
        (
            CONNECTOR,
            LISTEN + CONNECTORS,
            'media: there is no relay: add [media] with rtpengine = "127.0.0.1:22222"',
        ),
    ],
)
def test_what_a_connector_needs_is_said_with_the_mend(lines: tuple[str, ...], before: str, error: str) -> None:
    assert refusal(tenant("vault", *lines, before=before)) == f"tenant[0].{error}"


def test_a_connector_with_a_certificate_needs_no_token() -> None:
    before = LISTEN + CONNECTORS + 'client_ca = "ca.pem"\n' + MEDIA
    assert taken(tenant("path", "connector = true", 'media = "relay"', before=before)).connector


@pytest.mark.parametrize("upstream", ["none", "path"])
def test_media_go_through_a_relay_only_where_there_is_one(upstream: str) -> None:
    lines = ('media = "relay"', *(['pbx = "sip:10.0.0.5"'] if upstream == "path" else []))
    assert refusal(tenant(upstream, *lines)) == (
        'tenant[0].media: there is no relay: add [media] with rtpengine = "127.0.0.1:22222"'
    )
    assert taken(tenant(upstream, *lines, before=LISTEN + MEDIA)).media == "relay"


# ---- when no phone comes


@pytest.mark.parametrize("uri", ["500", "sip:example.com", "tel:+15551234", "sip:5 00@example.com"])
def test_a_call_goes_on_to_somebody(uri: str) -> None:
    assert refusal(tenant("none", f'no_wake = "{uri}"')) == (
        'tenant[0].no_wake: no SIP URI of somebody: write it like "sip:500@example.com"'
    )


def test_without_a_pbx_a_call_goes_on_to_an_account_of_the_tenant_or_the_caller_is_told() -> None:
    line = 'no_wake = "sip:500@pbx.example"'
    assert refusal(tenant("none", line)) == (
        "tenant[0].no_wake: there is no PBX to send calls to: name an account of example.com, or set no_wake_by = "
        '"redirect"'
    )
    assert taken(tenant("none", line, 'no_wake_by = "redirect"')).no_wake == "sip:500@pbx.example"
    assert taken(tenant("none", 'no_wake = "sip:500@Example.COM"')).no_wake
    assert taken(tenant("path", line, 'pbx = "sip:10.0.0.5"')).no_wake


# ---- accounts at the PBX


@pytest.mark.parametrize("name", ["pbx_user", "pbx_password"])
@pytest.mark.parametrize("upstream", ["none", "path", "contact"])
def test_a_login_at_the_pbx_is_for_the_vault_only(upstream: str, name: str) -> None:
    account = ("[[tenant.account]]", 'user = "alice"', f'password = "{CANARY}"', f'{name} = "{CANARY}"')
    pbx = [] if upstream == "none" else ['pbx = "sip:10.0.0.5"']
    assert refusal(tenant(upstream, *pbx, *account)) == (
        f'tenant[0].account[0].{name}: only upstream = "vault" has a use for it: remove it'
    )
    section = taken(tenant("vault", 'pbx = "sip:10.0.0.5"', *account))
    assert getattr(section.account[0], name) == CANARY
    assert CANARY not in repr(section)


@pytest.mark.parametrize("name", ["pbx_user", "pbx_password"])
def test_a_login_has_no_control_characters(name: str) -> None:
    account = ("[[tenant.account]]", 'user = "alice"', f'password = "{CANARY}"', f'{name} = "{CANARY}\\u0007"')
    assert refusal(tenant("vault", 'pbx = "sip:10.0.0.5"', *account)) == (
        f"tenant[0].account[0].{name}: a control character stands in it: remove it"
    )


@pytest.mark.parametrize(
    ("line", "is_taken"),
    [
        ("pbx_expires = 59", False),
        ("pbx_expires = 60", True),
        ("forget_after = 0", False),
        ("forget_after = 60", True),
        ('while_waking = "ringing"', True),
        ('while_waking = "183"', False),
        ('pbx_answers = "always"', True),
        ("pbx_answers = false", False),
    ],
)
def test_the_wishes_of_a_tenant_are_within_their_bounds(line: str, is_taken: bool) -> None:
    text = tenant("vault", 'pbx = "sip:10.0.0.5"', line)
    if is_taken:
        taken(text)
    else:
        assert refusal(text).startswith(f"tenant[0].{line.partition(' ')[0]}: ")
