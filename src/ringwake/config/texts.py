"""The rules of `[app.text]`, `[app.translation]` and `[app.extra]`, and what they make of an application's pushes."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from ringwake.config.app_section import AppSection, AppTextSection, AppTextsSection
from ringwake.config.error import ConfigError
from ringwake.model.template import Template, TemplateError
from ringwake.model.texts import MEMBERS, NAMED, OURS, UNNAMED, Extra, Text, Texts

_LONGEST = 256
_MOST_ARGS = 8
_MOST_MEMBERS = 16
_MOST_IN_ALL = 1024
_MOST_LANGUAGES = 64
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,7}")
_MEMBER = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}")
_SHOWN = frozenset({"title", "body", "sound", "badge", "category", "style", "critical"})
_LOC = frozenset({"loc_key", "loc_args", "title_loc_key"})
# Ours, and what a service keeps for itself (push-services section 2).
_RESERVED = {
    "apns": frozenset({"aps", "style"}),
    "fcm": _SHOWN | _LOC | {"from", "message_type", "collapse_key"},
    "webpush": frozenset({"notification", "app_badge", "critical", "loc", "web_push"}),
    "unifiedpush": frozenset({"notification", "app_badge", "critical", "loc", "web_push"}),
    "hms": frozenset({"alert"}),
    "http": frozenset({"v", "id", "token", "app", "kind", "expires", "alert"}),
}
_GOOGLES = ("google", "gcm")


def texts_of(app: AppSection, place: str) -> Texts:
    """Return what an application's pushes say.

    Args:
        app: its section.
        place: how errors name it.

    Raises:
        ConfigError: with place and mend.
    """
    found = {tag: _texts(app.text, ours, f"{place}.text") for tag, ours in OURS.translations}
    plain = _texts(app.text, OURS, f"{place}.text")
    given = _by_tag(app, place)
    # What is nearest to a language is read before it.
    for tag in sorted(given, key=lambda tag: (tag.count("-"), tag)):
        name, section = given[tag]
        under = replace(plain, translations=tuple(found.items())).in_language(tag)
        found[tag] = _texts(section, under, f"{place}.translation.{name}")
    return replace(plain, translations=tuple(found.items()))


def extra_of(app: AppSection, place: str) -> Extra:
    """Return the further members of an application's payload.

    Args:
        app: its section.
        place: how errors name it.

    Raises:
        ConfigError: with place and mend.
    """
    place = f"{place}.extra"
    if len(app.extra) > _MOST_MEMBERS:
        raise ConfigError(f"{place}: {len(app.extra)} members: leave at most {_MOST_MEMBERS}")
    if sum(len(name) + len(value) for name, value in app.extra.items()) > _MOST_IN_ALL:
        raise ConfigError(f"{place}: over {_MOST_IN_ALL} characters together: shorten it")
    return tuple(
        (_member(name, app.provider, place), _template(value, MEMBERS, f"{place}.{name}"))
        for name, value in app.extra.items()
    )


def _by_tag(app: AppSection, place: str) -> dict[str, tuple[str, AppTextsSection]]:
    """Return what is given for each language: its tag in lower case, as it is written, and its texts."""
    place = f"{place}.translation"
    if len(app.translation) > _MOST_LANGUAGES:
        raise ConfigError(f"{place}: {len(app.translation)} languages: leave at most {_MOST_LANGUAGES}")
    found: dict[str, tuple[str, AppTextsSection]] = {}
    for name, section in app.translation.items():
        if _LANGUAGE.fullmatch(name) is None:
            raise ConfigError(f"{place}: {name[:64]!a} is no tag of a language: write one such as `de` or `pt-BR`")
        if name.lower() in found:
            raise ConfigError(f"{place}.{name}: {found[name.lower()][0]} is the same language: leave one")
        found[name.lower()] = name, section
    return found


def _texts(given: AppTextsSection, under: Texts, place: str) -> Texts:
    """Return what is said in one language: what is given, and else what stands under it."""
    return Texts(
        call=_text(given.call, under.call, f"{place}.call"),
        message=_text(given.message, under.message, f"{place}.message"),
        missed=_text(given.missed, under.missed, f"{place}.missed"),
        voicemail=_text(given.voicemail, under.voicemail, f"{place}.voicemail"),
        elsewhere=_text(given.elsewhere, under.elsewhere, f"{place}.elsewhere"),
        cancel=_text(given.cancel, under.cancel, f"{place}.cancel"),
        answer=_bounded(given.answer, f"{place}.answer") or under.answer,
        decline=_bounded(given.decline, f"{place}.decline") or under.decline,
    )


def _text(given: AppTextSection, ours: Text, place: str) -> Text:
    for name in ("loc_key", "unnamed_loc_key", "title_loc_key", "category", "sound"):
        _bounded(getattr(given, name), f"{place}.{name}")
    if given.loc_args and not given.loc_key:
        raise ConfigError(f"{place}.loc_args: there is no loc_key to put them into: add it")
    if len(given.loc_args) > _MOST_ARGS:
        raise ConfigError(f"{place}.loc_args: more than {_MOST_ARGS}: leave some out")
    args = (_template(arg, NAMED, f"{place}.loc_args[{number}]") for number, arg in enumerate(given.loc_args))
    return Text(
        title=_template(given.title, NAMED, f"{place}.title") if given.title else ours.title,
        body=_template(given.body, NAMED, f"{place}.body") if given.body else ours.body,
        unnamed_body=(
            _template(given.unnamed_body, UNNAMED, f"{place}.unnamed_body") if given.unnamed_body else ours.unnamed_body
        ),
        loc_key=given.loc_key or ours.loc_key,
        loc_args=tuple(args) if given.loc_key else ours.loc_args,
        unnamed_loc_key=given.unnamed_loc_key or ours.unnamed_loc_key,
        title_loc_key=given.title_loc_key or ours.title_loc_key,
        category=given.category or ours.category,
        sound=given.sound or ours.sound,
    )


def _template(text: str, places: Collection[str], place: str) -> Template:
    try:
        return Template.read(_bounded(text, place), places)
    except TemplateError as error:
        raise ConfigError(f"{place}: {error}") from None


def _bounded(text: str, place: str) -> str:
    if len(text) > _LONGEST:
        raise ConfigError(f"{place}: over {_LONGEST} characters: shorten it")
    return text


def _member(name: str, provider: str, place: str) -> str:
    if _MEMBER.fullmatch(name) is None:
        raise ConfigError(
            f"{place}: {name[:64]!a} is no name of a member: begin with a letter, and write at most 64 letters, digits "
            "and . _ -"
        )
    is_googles = provider == "fcm" and name.lower().startswith(_GOOGLES)
    if name == "ringwake" or name in _RESERVED[provider] or is_googles:
        raise ConfigError(f"{place}.{name}: {provider} or ringwake has a use of its own for it: take another name")
    return name
