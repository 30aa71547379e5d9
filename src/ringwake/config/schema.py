"""The shape of the configuration file. Its docstrings are the reference: docs/reference/config.md is made of them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from ringwake.config.app_section import AppSection
from ringwake.config.section import MOST_SECONDS, Seconds, Section, Text


class ServerSection(Section):
    """`[server]`: the process."""

    data: Text = "ringwake.db"
    """SQLite file; a relative path starts at the configuration file. The `keys` file stands beside it."""
    http: Text = "127.0.0.1:8080"
    """Where the operator's API, the metrics and the health checks listen. Keep it on loopback."""
    lab: bool = False
    """Short grants, push parameters over plain SIP, push services on private addresses; loopback listeners only."""
    digest: Annotated[tuple[Literal["SHA-256", "MD5"], ...], Meta(min_length=1, max_length=2)] = ("SHA-256", "MD5")
    """Algorithms by which phones and callers prove who they are, preferred one first. Some old phones read the first
    challenge only and know MD5 alone: put it first for them; leave it out when there are none. Others (baresip 1.0)
    give up when any other is offered: they need MD5 alone."""


class WakeSection(Section):
    """`[wake]`: how long calls wait and registrations last, in seconds."""

    wake_timeout: Seconds = 20
    """How long an INVITE waits for a phone to wake."""
    request_timeout: Annotated[float, Meta(gt=0, le=24)] = 10
    """How long other requests wait: inside a dialog, or as `wake_for` says. Their senders give up after 32."""
    wake_for: tuple[Literal["NOTIFY", "OPTIONS", "REFER", "SUBSCRIBE"], ...] = ("NOTIFY", "REFER", "SUBSCRIBE")
    """Methods outside a dialog that wake a phone, besides INVITE and MESSAGE."""
    ticket: bool = False
    """Give pushes a one-time ticket, so that the phone that they wake registers without a challenge. Apple and Google
    can read it, and whoever reads it in time could register that one phone."""
    ring_timeout: Seconds = 60
    """How long a phone rings. The sum of both stays under 180."""
    grant: Annotated[float, Meta(ge=1, le=MOST_SECONDS)] = 2_592_000
    """Expiry granted to phones with a push token. Under 86400 only with `lab`."""
    refresh_every: Seconds = 604_800
    """A phone that was not woken for this long is woken silently to register again."""
    refresh_lead: Seconds = 43_200
    """How long before that the first silent push goes out."""
    pnsreg: bool = False
    """Let phones that say that they can (`+sip.pnsreg`) register again by themselves, 130 seconds before their grant is
    over at the latest. They are woken for it once, 125 seconds before that end, and only if they have not come."""


class ListenSection(Section):
    """`[[listen]]`: one SIP listener."""

    transport: Literal["udp", "tcp", "tls", "ws", "wss"]
    """udp, tcp, tls, ws or wss."""
    address: Text
    """`host:port`, numeric; port 0 takes any."""
    advertise: str = ""
    """Host by which others reach this listener, when `address` is a wildcard."""
    certificate: str = ""
    """PEM file with the certificate chain (tls, wss)."""
    key: str = ""
    """PEM file with the private key (tls, wss), which only its owner and group may read."""
    origins: list[str] = field(default_factory=list)
    """Web origins whose pages may connect (ws, wss). Clients that are no browser send none."""


class AccountSection(Section):
    """`[[tenant.account]]`: an account of a tenant."""

    user: Text
    """User part of its address of record."""
    password: Text
    """Password for digest. Prefer `ringwake account add`, which keeps only its hashes."""
    pbx_user: str = ""
    """User name at the PBX, if it is another (`upstream = "vault"`)."""
    pbx_password: str = ""
    """Password at the PBX, if it is another (`upstream = "vault"`)."""

    def __repr__(self) -> str:
        return f"AccountSection(user={self.user!r}, password=...)"


class TenantSection(Section):
    """`[[tenant]]`: one SIP domain."""

    domain: Text
    """Domain of its addresses of record, and its digest realm."""
    upstream: Literal["none", "path", "contact", "vault"] = "none"
    """`none`: ringwake is the PBX. In front of one: `path` passes REGISTER through and adds a Path; `contact` registers
    one Contact of its own for each account, with its phone's credentials; `vault` with credentials of its own."""
    pbx: str = ""
    """The PBX as a SIP URI, such as "sip:10.0.0.5:5060;transport=tcp"; a name is looked up by RFC 3263."""
    pbx_ca_file: str = ""
    """PEM file with the authorities of a PBX on TLS, if they are not those that the system knows."""
    connector: bool = False
    """The PBX is reached through `ringwake connect`, which runs beside it."""
    connector_token_file: str = ""
    """File with the token by which that proves itself, which only its owner may read."""
    media: Literal["direct", "relay"] = "direct"
    """Whether RTP goes through `[media]`. A PBX behind a connector needs it."""
    while_waking: Literal["trying", "ringing", "queued", "progress"] = "trying"
    """What a caller hears while a phone wakes: nothing but 100, or a 180, 182 or 183 of ours."""
    no_wake: str = ""
    """SIP URI that a call goes on to when no phone came: another account, or a number at the PBX. Empty: 480."""
    no_wake_by: Literal["forward", "redirect"] = "forward"
    """Whether the call is sent there by us, or the caller is told to go there (302)."""
    pbx_expires: Annotated[int, Meta(ge=60, le=MOST_SECONDS)] = 3600
    """Seconds for which we ask to stay registered at the PBX (`contact`, `vault`)."""
    pbx_answers: Literal["first", "always", "never"] = "first"
    """`vault`: which of the PBX's challenges to a phone's calls are answered by us: those that are its first word;
    also those that come after a 100, as of FreeSWITCH, which is no proxy; or none."""
    forget_after: Seconds = 7_776_000
    """`vault`: so long after the last REGISTER of any of its phones an account's password at the PBX is forgotten."""
    token_claims: Literal["allow", "challenge", "reject"] = "allow"  # noqa: S105  no password
    """What becomes of a REGISTER with a push token that another phone has under another account. `allow`: it is taken,
    for at most ten accounts, and noted. `challenge`: it is taken without push until the phone brings back a ticket that
    is pushed to the token; where none can be (an iPhone's VoIP token alone), as `reject`. `reject`: 403."""
    account: list[AccountSection] = field(default_factory=list)
    """Its accounts in this file; more are in the database."""


class PeerSection(Section):
    """`[[peer]]`: a PBX or trunk."""

    address: Text
    """Its address or network, such as 10.0.0.5 or 10.0.0.0/24. Where `may_call` is true, at most a /8 (IPv6: /32)."""
    may_call: bool = False
    """Whether it may call and write to accounts without digest."""


class PublicSection(Section):
    """`[public]`: what phones reach over HTTP."""

    listen: Text
    """`host:port`, numeric; port 0 takes any."""
    url: str = ""
    """How phones reach it, if not by that address."""
    certificate: str = ""
    """PEM file with the certificate chain; plain HTTP only with `lab`."""
    key: str = ""
    """PEM file with the private key, which only its owner and group may read."""


class ConnectorsSection(Section):
    """`[connectors]`: where `ringwake connect` dials in, for each PBX that nothing can dial."""

    listen: Text
    """`host:port`, numeric; port 0 takes any."""
    certificate: str = ""
    """PEM file with the certificate chain; without TLS only with `lab`."""
    key: str = ""
    """PEM file with the private key, which only its owner and group may read."""
    client_ca: str = ""
    """PEM file with the authorities of connectors that prove themselves by a certificate in the tenant's name."""


class MediaSection(Section):
    """`[media]`: who relays RTP."""

    rtpengine: Text
    """`host:port`, numeric, of rtpengine's control protocol (`listen-ng`). Keep it on loopback."""


class ApiSection(Section):
    """`[api]`: the operator's API."""

    token_file: str = ""
    """File with the API's bearer token, which only its owner may read; made when there is none. Without it each start
    makes a new token. Either way the token stands in the state folder while the server runs."""


class LimitsSection(Section):
    """`[limits]`: how much the server takes."""

    failures_per_minute: Annotated[int, Meta(ge=1)] = 20
    """Wrong passwords per address and minute, before it is turned away."""
    max_transactions: Annotated[int, Meta(ge=100)] = 500_000
    """SIP transactions held at once; beyond them new requests get 503."""
    wakes_per_minute: Annotated[int, Meta(ge=1)] = 4
    """Pushes that wake one phone in any minute, for calls that nobody answered, messages and other requests. Calls may
    use all of them, the others half. A call beyond them waits without a push of its own, a message until it may."""
    calls_per_minute: Annotated[int, Meta(ge=1)] = 3
    """Calls of one caller to one account whose phones all sleep, in any minute, but for answered ones; a further one
    gets 480 with Retry-After. Below `wakes_per_minute`, or one caller can use up a phone's wakes."""
    calls_per_caller: Annotated[int, Meta(ge=1)] = 1000
    """Calls of one caller to accounts whose phones all sleep, whichever they are, in a minute, but for answered ones; a
    further one gets 480 with Retry-After. A ring group is one caller, and so are all who call with no name. This limit
    and the next two are kept roughly: a burst may reach twice of them."""
    wakes_per_tenant: Annotated[int, Meta(ge=1)] = 60_000
    """Pushes that wake phones of one tenant in a minute. Calls may use all of them, the others half. A call beyond them
    gets 480 with Retry-After, a message waits."""
    wakes_per_app: Annotated[int, Meta(ge=1)] = 120_000
    """Pushes of one application in a minute, silent ones for registrations included. Calls may use all of them, the
    others half. What is beyond them waits."""
    message_octets: Annotated[int, Meta(ge=1)] = 16_384
    """Longest body of a MESSAGE; a longer one gets 413."""
    message_seconds: Seconds = 604_800
    """How long a message is kept for a phone that does not come."""
    messages_per_account: Annotated[int, Meta(ge=1)] = 1000
    """Messages that may wait for one account; a further one gets 480."""


class LogSection(Section):
    """`[log]`: what is written to standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """debug, info, warning or error. Debug has a line for each SIP message, with nothing of what it says."""
    format: Literal["text", "json"] = "text"
    """text or json: one event a line, on standard error."""


class LabSection(Section):
    """`[lab]`: the emulated push services, written by `ringwake emulate` for `ringwake phone`; no use to the server."""

    inbox: Text
    """URL from which phones get their pushes."""
    ca_file: Text
    """PEM file with the emulators' authority."""
    bundle: Text
    """Bundle id of the iPhone app."""
    project: Text
    """Project id of the Android app."""


class Config(Section):
    """The file."""

    server: ServerSection = field(default_factory=ServerSection)
    wake: WakeSection = field(default_factory=WakeSection)
    listen: list[ListenSection] = field(default_factory=list)
    tenant: list[TenantSection] = field(default_factory=list)
    peer: list[PeerSection] = field(default_factory=list)
    app: list[AppSection] = field(default_factory=list)
    public: PublicSection | None = None
    connectors: ConnectorsSection | None = None
    media: MediaSection | None = None
    api: ApiSection = field(default_factory=ApiSection)
    limits: LimitsSection = field(default_factory=LimitsSection)
    log: LogSection = field(default_factory=LogSection)
    lab: LabSection | None = None
