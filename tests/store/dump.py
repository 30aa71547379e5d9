"""All that an image holds, in a form that can be compared; its indices are checked on the way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from ringwake.model.call import CallRecord
from ringwake.model.stored_message import StoredMessage
from ringwake.store.agenda import Agenda
from ringwake.store.image import Image
from ringwake.store.rows import Table, Value, row

V = TypeVar("V", CallRecord, StoredMessage)


def dump(image: Image, *, taken_at: float = -math.inf) -> dict[tuple[Table, str], Value]:
    """Return the rows of an image.

    Args:
        image: any.
        taken_at: the latest clock of a TakeDue that it has seen: what had expired by then need stand in no agenda.

    Raises:
        AssertionError: an index says something else than the rows.
    """
    bindings, messages, calls = image._bindings, image._messages, image._calls
    _check_bindings(image, taken_at)
    assert {aor: dict(held) for aor, held in calls._by_aor.items()} == _by_aor(calls._by_id)
    letters = {known: letter.message for known, letter in messages._by_id.items()}
    arrived = {aor: {known: mail.message for known, mail in held.items()} for aor, held in messages._by_aor.items()}
    assert arrived == _by_aor(letters)
    _check_logins(image)
    assert calls._expiry._at == {known: record.received_at for known, record in calls._by_id.items()}
    _check_agenda(calls._expiry)
    assert messages._expiry._at == {known: letter.expires_at for known, letter in letters.items()}
    _check_agenda(messages._expiry)
    values: list[Value] = [binding for aor in bindings.aors() for binding in bindings.at(aor)]
    values += [known for held in image._subscriptions._by_aor.values() for known in held]
    values += [known for held in image._registrations._uploads._by_aor.values() for known in held]
    _check_history(image)
    values += [*image._history._by_id.values(), *image._choices._by_aor.values(), *image._once._used.values()]
    values += [*calls._by_id.values(), *messages._by_id.values(), *image._accounts._by_aor.values()]
    rows = [row(None, value) for value in values]
    held = {(known.table, known.key): known.after for known in rows if known.after is not None}
    assert len(held) == len(values)
    return held


def _check_bindings(image: Image, taken_at: float) -> None:
    bindings = image._bindings
    tokens: dict[str, set[str]] = {}
    for aor, held in bindings._by_aor.items():
        assert held
        assert all(binding.aor == aor for binding in held)
        assert list(held) == sorted(held, key=lambda binding: (binding.registered_at, binding.id))
        for binding in held:
            for _, token in binding.push.tokens if binding.push else ():
                tokens.setdefault(token.digest, set()).add(aor)
            assert bindings._expiry._at[aor] <= binding.expires_at
            if binding.refresh_at is not None and binding.expires_at > taken_at:
                assert bindings._due._at[aor] <= binding.refresh_at
    assert {digest: set(aors) for digest, aors in bindings._by_token.items()} == tokens
    assert all(len(set(aors)) == len(aors) for aors in bindings._by_token.values())
    _check_agenda(bindings._expiry)
    _check_agenda(bindings._due)


def _check_logins(image: Image) -> None:
    found = {known.aor: known for known in image._accounts._by_aor.values() if known.pbx is not None}
    noted = {aor: (tenant, at) for tenant, agenda in image._accounts._silence.items() for aor, at in agenda._at.items()}
    assert noted.keys() == found.keys()
    for aor, known in found.items():
        assert known.pbx is not None
        tenant, at = noted[aor]
        assert tenant == known.tenant
        assert at <= max(known.pbx.heard_at, image._bound_at(aor))
    for agenda in image._accounts._silence.values():
        _check_agenda(agenda)


def _check_history(image: Image) -> None:
    history, once = image._history, image._once
    lines = sorted(history._by_id.values(), key=lambda line: line.serial)
    ids: dict[str, list[str]] = {}
    unread: Counter[str] = Counter()
    for line in lines:
        ids.setdefault(line.entry.aor, []).append(line.entry.id)
        unread[line.entry.aor] += line.entry.is_unread
    assert {aor: list(held) for aor, held in history._by_aor.items()} == ids, "oldest first"
    assert history._unread == {aor: count for aor, count in unread.items() if count}
    assert history._expiry._at == {line.entry.id: line.entry.at for line in lines}
    assert once._expiry._at == {used.name: used.until for used in once._used.values()}
    _check_agenda(history._expiry)
    _check_agenda(once._expiry)


def _check_agenda(agenda: Agenda) -> None:
    entries = set(agenda._heap)
    assert all((at, key) in entries for key, at in agenda._at.items())


def _by_aor(held: Mapping[str, V]) -> dict[str, dict[str, V]]:
    grouped: dict[str, dict[str, V]] = {}
    for known, value in held.items():
        grouped.setdefault(value.aor, {})[known] = value
    return grouped
