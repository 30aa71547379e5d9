"""The shape of `[[app]]`. Its docstrings are a part of docs/reference/config.md."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from ringwake.config.section import Section, Text


class AppTextSection(Section):
    """`[app.text.call]`: what a push says of a call; `[app.text.message]` and the others likewise.

    Places in a text are `{name}` and `{uri}` of who calls or writes, and `{account}`, whose phone it is; `{{` and `}}`
    are braces. Whatever is not given is as ringwake itself says it. See docs/howto/app-texts.md.
    """

    title: str = ""
    """Title; by default `{account}`. Without `show_caller` its `{name}` and `{uri}` are empty."""
    body: str = ""
    """Text where `show_caller` lets the app know the caller, such as `{name} calling`."""
    unnamed_body: str = ""
    """Text where it does not, such as `Incoming call`. `{account}` alone may stand in it."""
    loc_key: str = ""
    """Name of a text in the app, in the language of the phone, that is shown in place of `body`."""
    loc_args: list[str] = field(default_factory=list)
    """What is put into that text; each may have the same places as `body`."""
    unnamed_loc_key: str = ""
    """Name of a text in the app, without arguments, that is shown in place of `unnamed_body`."""
    title_loc_key: str = ""
    """Name of a text in the app, without arguments, that is shown in place of `title`."""
    category: str = ""
    """Name of the buttons; by default `INCOMING_CALL` for a call, and none for the others."""
    sound: str = ""
    """Sound for accounts that have chosen none; by default `default`."""


class AppTextsSection(Section):
    """`[app.text]`: what the application's pushes say, in your words.

    `[app.translation.de]` and the like: the same in another language, for accounts and phones that have chosen it; what
    is not given there is as in `[app.text]`. It stands after all other keys of the application, in tables of its own.
    """

    call: AppTextSection = field(default_factory=AppTextSection)
    """Of a call."""
    message: AppTextSection = field(default_factory=AppTextSection)
    """Of a message."""
    missed: AppTextSection = field(default_factory=AppTextSection)
    """Of a call that ended unanswered."""
    voicemail: AppTextSection = field(default_factory=AppTextSection)
    """Of voice messages that wait. It names no caller: give `body` and `unnamed_body` alike."""
    elsewhere: AppTextSection = field(default_factory=AppTextSection)
    """In place of a call that another device has answered or declined, on iPhones without CallKit and in browsers,
    where it would stay on the screen."""
    cancel: AppTextSection = field(default_factory=AppTextSection)
    """The same for a call that is over."""
    answer: str = ""
    """Button of a call in browsers; by default `Answer`."""
    decline: str = ""
    """The other one; by default `Decline`."""


class AppSection(Section):
    """`[[app]]`: an application at a push service."""

    provider: Literal["apns", "fcm", "webpush", "unifiedpush", "hms", "http"]
    """apns, fcm, webpush, unifiedpush, hms (Huawei) or http (a push server of your own)."""
    tenant: Text
    """Domain of the tenant whose phones run it."""
    param: str = ""
    """APNs: TEAMID.bundle, without .voip; FCM: project id, or the project number if that is what the phones write
    (Linphone); HMS: app id; http: a name of yours; Web Push and UnifiedPush: none."""
    key_file: str = ""
    """APNs: the .p8 file."""
    key_id: str = ""
    """APNs: the key's id."""
    service_account: str = ""
    """FCM: the service account's JSON file."""
    vapid_key_file: str = ""
    """Web Push and UnifiedPush: PEM file with the P-256 private key."""
    secret_file: str = ""
    """HMS: file with the app secret; http: file with the key that signs what is sent. Only its owner may read it."""
    project: str = ""
    """HMS: project id, if pushes go by it, as the second version of the API has it; by default they go by app id, as
    the first has it."""
    subject: str = "mailto:postmaster@example.com"
    """Web Push and UnifiedPush: who is responsible, as a mailto: or https: URI."""
    services: list[str] = field(default_factory=list)
    """Push services that phones may name besides the known ones: `host`, `*.domain` or `*`, each with `:port` if it is
    not 443. Web Push knows those of the browsers; UnifiedPush any host on port 443. Their addresses must be public."""
    sandbox: bool = False
    """APNs: the tokens are those of Apple's sandbox, as apps run from Xcode get them; phones may then also write
    `pn-provider=apns.dev`."""
    endpoint: str = ""
    """URL of the push service, if it is not the provider's own: an emulator or a proxy. http: your push server. Web
    Push and UnifiedPush: not used."""
    other_endpoint: str = ""
    """APNs: where a token is tried once that `endpoint` does not know, since it may be of the other environment. By
    default Apple's other one; none if `endpoint` is given."""
    token_endpoint: str = ""
    """HMS: URL of the OAuth token service, if it is not Huawei's own."""
    ca_file: str = ""
    """PEM file with the authorities of that endpoint."""
    client_certificate: str = ""
    """PEM file with a certificate that we show to the service; if its private key stands there too, only its owner may
    read it. APNs: in place of `key_file`."""
    client_key: str = ""
    """PEM file with the private key of that certificate, which only its owner may read."""
    proxy: str = ""
    """HTTP proxy to the service, by CONNECT: `http://[user:password@]host:port`. In user and password `@`, `/`, `:` and
    the like are written as %XX: `%40`, `%2F`, `%3A`."""
    show_caller: bool = False
    """Put the caller's URI and name into the payload. The provider can read it."""
    actions: bool = True
    """Put signed URLs into the payload, where there is a `[public]` listener: to decline, ignore, answer by a text and
    mark as read without SIP. Each does one thing once. The provider can read, and so use them."""
    call_repeat: float = 10.0
    """APNs: seconds after which the alert of a call is sent again to an iPhone that gave no VoIP token, until it comes
    or the call is over. Nothing else makes it ring for longer than its sound lasts. 0: never; else 3 to 60."""
    text: AppTextsSection = field(default_factory=AppTextsSection)
    """What pushes say; see below."""
    translation: dict[str, AppTextsSection] = field(default_factory=dict)
    """The same in other languages, by their tags (RFC 5646), such as `[app.translation.pt-BR.call]`. Without any,
    ringwake's own texts are there in German, French, Spanish and Italian, too."""
    extra: dict[str, str] = field(default_factory=dict)
    """Further members of the payload, at its top, for an app that expects them; the most important first. Their values
    are texts with the places `{kind}`, `{id}`, `{call_id}`, `{uuid}`, `{account}`, `{loc_key}`, and, empty without
    `show_caller`, `{from_uri}`, `{from_name}`, `{display}`. At most 16, of 256 characters each and 1024 in all."""

    def __repr__(self) -> str:
        return f"AppSection(provider={self.provider!r}, param={self.param!r}, ...)"
