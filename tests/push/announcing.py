"""Pushes as the wake makes them: of any caller, account and application, for the phone of a sample push."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.push.samples import NOW
from tests.wake.phones import SEAL, binding

from ringwake.model.account import Account, Aor
from ringwake.model.app import App
from ringwake.model.push import Kind, Push
from ringwake.model.settings import Notifications, Settings
from ringwake.model.template import Template
from ringwake.model.texts import MEMBERS, NAMED, UNNAMED, Extra, Text, Texts
from ringwake.secret import Secret
from ringwake.wake.announcement import Announcement
from ringwake.wake.wording import Caller

KINDS = (Kind.CALL, Kind.MESSAGE, Kind.MISSED, Kind.CANCEL, Kind.ELSEWHERE)
BOSS = Caller("sip:boss@example.com", "Boss", display="Boss")
EVERYTHING = Template.read("".join(f"{{{place}}}" for place in MEMBERS), MEMBERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Who calls whom, and what the application says of it."""

    caller: Caller = BOSS
    call_id: str = "call-1@h"
    aor: str = "alice@example.com"
    sound: str = "default"
    texts: Texts = field(default_factory=Texts)
    extra: Extra = ()
    show_caller: bool = True

    def push(self, kind: Kind, sample: Push) -> Push | None:
        """Return the push to the phone of a sample; None if such a phone must not get one of this kind."""
        blank = Secret("0" * 32)
        account = Account(
            aor=Aor(self.aor),
            tenant="example.com",
            ha1_md5=blank,
            ha1_sha256=blank,
            settings=Settings(notifications=Notifications(tone=self.sound)),
        )
        app = App(
            key=sample.target.app,
            tenant="example.com",
            show_caller=self.show_caller,
            texts=self.texts,
            extra=self.extra,
        )
        announcement = Announcement(
            account=account,
            call_id=self.call_id,
            caller=self.caller,
            identity=b"the same for all callers",
            seal=SEAL,
            find_app=lambda _: app,
        )
        return announcement.push(kind, binding(push=sample.target), seq=1, wall=NOW, until=NOW + 20)


def saying(before: str = "", after: str = "", *, has_loc: bool = True) -> Texts:
    """Return texts that say all they can of a caller, between two literals."""
    named = Template((before, "", "", after), ("name", "uri", "account"))
    text = Text(
        title=named,
        body=named,
        unnamed_body=Template.read("{account}", UNNAMED),
        loc_key=before if has_loc else "",
        loc_args=(named, Template.read("{uri}", NAMED)),
        unnamed_loc_key=after if has_loc else "",
        title_loc_key=before if has_loc else "",
        category=after,
        sound=before,
    )
    return Texts(call=text, message=text, missed=text)
