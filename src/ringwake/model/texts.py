"""What the pushes of an application say, in the operator's words (docs/adr/0028-texts.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ringwake.model.template import Template

NAMED = ("name", "uri", "account")
"""Places of a text that is shown when the application may know who calls or writes."""
UNNAMED = ("account",)
"""Places of one that is shown when it may not."""
MEMBERS = ("kind", "id", "call_id", "uuid", "account", "loc_key", "from_uri", "from_name", "display")
"""Places of a member of the payload."""
CALL_CATEGORY = "INCOMING_CALL"
"""Names the buttons Accept and Reject."""

TITLE = Template.read("{account}", NAMED)

Extra: TypeAlias = tuple[tuple[str, Template], ...]
"""Further members of the payload, by name, the most important first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is said of one kind of event."""

    title: Template = TITLE
    body: Template
    """For an application that may know the caller."""
    unnamed_body: Template
    """For one that may not."""
    loc_key: str = ""
    """Names a text in the app, in the language of the phone, that is shown in place of `body`; empty: none is."""
    loc_args: tuple[Template, ...] = ()
    """What is put into it."""
    unnamed_loc_key: str = ""
    """Names one without arguments that is shown in place of `unnamed_body`."""
    title_loc_key: str = ""
    """Names one that is shown in place of `title`."""
    category: str = ""
    """Names the buttons."""
    sound: str = ""
    """What an account hears that has chosen no sound of its own; empty: `default`."""


def _ours(body: str, unnamed_body: str, *, category: str = "") -> Text:
    return Text(body=Template.read(body, NAMED), unnamed_body=Template.read(unnamed_body, UNNAMED), category=category)


CALL = _ours("{name} calling", "Incoming call", category=CALL_CATEGORY)
MESSAGE = _ours("Message from {name}", "New message")
MISSED = _ours("Missed call from {name}", "Missed call")
VOICEMAIL = _ours("New voice message", "New voice message")
ELSEWHERE = _ours("Call handled on another device", "Call handled on another device")
CANCEL = _ours("Call ended", "Call ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What is said of each kind of event that a phone shows."""

    call: Text = CALL
    message: Text = MESSAGE
    missed: Text = MISSED
    voicemail: Text = VOICEMAIL
    elsewhere: Text = ELSEWHERE
    """In place of a call that another device has answered or declined."""
    cancel: Text = CANCEL
    """In place of a call that is over."""
    answer: str = "Answer"
    """Button of a call."""
    decline: str = "Decline"
    """The other one."""
    translations: tuple[tuple[str, Texts], ...] = ()
    """The same in other languages: tags as in RFC 5646, in lower case."""

    def in_language(self, tag: str) -> Texts:
        """Return the texts in a language, or in what is nearest to it (RFC 4647 section 3.4), or these.

        Args:
            tag: as in RFC 5646; empty: none is wanted.
        """
        known, parts = dict(self.translations), tag.lower().split("-")
        for length in range(len(parts), 0, -1):
            found = known.get("-".join(parts[:length]))
            if found is not None:
                return found
        return self


def _translated(call: tuple[str, str], message: tuple[str, str], missed: tuple[str, str], *others: str) -> Texts:
    voicemail, elsewhere, cancel, answer, decline = others
    return Texts(
        call=_ours(*call, category=CALL_CATEGORY),
        message=_ours(*message),
        missed=_ours(*missed),
        voicemail=_ours(voicemail, voicemail),
        elsewhere=_ours(elsewhere, elsewhere),
        cancel=_ours(cancel, cancel),
        answer=answer,
        decline=decline,
    )


GERMAN = _translated(
    ("{name} ruft an", "Eingehender Anruf"),
    ("Nachricht von {name}", "Neue Nachricht"),
    ("Verpasster Anruf von {name}", "Verpasster Anruf"),
    "Neue Sprachnachricht",
    "Anruf auf einem anderen Gerät erledigt",
    "Anruf beendet",
    "Annehmen",
    "Ablehnen",
)
FRENCH = _translated(
    ("{name} vous appelle", "Appel entrant"),
    ("Message de {name}", "Nouveau message"),
    ("Appel manqué de {name}", "Appel manqué"),
    "Nouveau message vocal",
    "Appel traité sur un autre appareil",
    "Appel terminé",
    "Répondre",
    "Refuser",
)
SPANISH = _translated(
    ("Llamada de {name}", "Llamada entrante"),
    ("Mensaje de {name}", "Mensaje nuevo"),
    ("Llamada perdida de {name}", "Llamada perdida"),
    "Nuevo mensaje de voz",
    "Llamada atendida en otro dispositivo",
    "Llamada finalizada",
    "Responder",
    "Rechazar",
)
ITALIAN = _translated(
    ("Chiamata da {name}", "Chiamata in arrivo"),
    ("Messaggio da {name}", "Nuovo messaggio"),
    ("Chiamata persa da {name}", "Chiamata persa"),
    "Nuovo messaggio vocale",
    "Chiamata gestita su un altro dispositivo",
    "Chiamata terminata",
    "Rispondi",
    "Rifiuta",
)
OURS = Texts(translations=(("de", GERMAN), ("fr", FRENCH), ("es", SPANISH), ("it", ITALIAN)))
"""What ringwake itself says."""
