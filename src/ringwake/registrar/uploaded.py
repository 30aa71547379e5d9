"""Which phone a push target belongs to that came over HTTP. Every store asks this inside its atomic step.

An upload that names an instance is that phone's. One that names none is the next phone's that registers without a word
of push, and from then on that phone's: two phones of an account with one token would take each other's binding away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ringwake.model.binding import Binding
from ringwake.model.push import Kind
from ringwake.model.store_ops import ContactUpdate, Register
from ringwake.model.upload import Upload
from ringwake.registrar.token_claim import TokenClaim, shares_token

SOON = 300.0
"""Seconds before its expiry at which a binding is pushed to that got its target after its REGISTER: it is short."""


def with_uploads(op: Register, uploads: Sequence[Upload], bindings: Iterable[Binding]) -> Register:
    """Return the REGISTER as if each Contact that says nothing of push had carried what was uploaded for it.

    Args:
        op: the REGISTER.
        uploads: those of its AOR.
        bindings: those of its AOR.
    """
    if not uploads:
        return op
    left = list(uploads)
    current = [binding for binding in bindings if binding.expires_at > op.wall]
    contacts: list[ContactUpdate] = []
    for contact in op.contacts:
        found = _meant(contact, left, current)
        if found is not None and not found.instance:
            left.remove(found)
        contacts.append(contact if found is None else _joined(contact, found))
    return replace(op, contacts=tuple(contacts))


def _meant(contact: ContactUpdate, uploads: list[Upload], current: list[Binding]) -> Upload | None:
    if contact.uploaded is None:
        return None
    own = next((upload for upload in uploads if upload.instance and upload.instance == contact.instance), None)
    if own is not None:
        return own
    anybodys = next((upload for upload in uploads if not upload.instance), None)
    if anybodys is None:
        return None
    since = (known for known in current if known.registered_at > anybodys.at)
    holders = [known for known in since if shares_token(known.push, anybodys.push)]
    return anybodys if all(known.instance == contact.instance for known in holders) else None


def _joined(contact: ContactUpdate, upload: Upload) -> ContactUpdate:
    assert contact.uploaded is not None
    expires, refresh_at = contact.uploaded
    is_silent = upload.push.vehicle(Kind.REFRESH) is not None
    return replace(
        contact, push=upload.push, expires=expires, refresh_at=refresh_at if is_silent else None, uploaded=None
    )


def is_doubted(upload: Upload, bindings: Iterable[Binding]) -> bool:
    """Tell whether another phone, under another account, has a token of the upload; it is no proof of one.

    `bindings` are those that have one of its tokens, of any account.
    """
    contact = ContactUpdate(new_id="", uri="", instance=upload.instance, expires=0.0, push=upload.push)
    return bool(TokenClaim.of(upload.aor, contact, bindings).doubted)


def bound_at_once(upload: Upload, before: Upload | None, bindings: Iterable[Binding]) -> list[Binding]:
    """Return those bindings of the AOR, changed, that have the target without another REGISTER.

    That is who has had the upload `before`; else the phone with that instance, or the only one without a target.
    """
    current = [binding for binding in bindings if binding.expires_at > upload.at]
    holders = [known for known in current if before is not None and shares_token(known.push, before.push)]
    bare = [known for known in current if known.push is None]
    if upload.instance:
        takers = [known for known in (*holders, *bare) if known.instance == upload.instance]
    else:
        takers = holders or (bare if len({known.phone for known in bare}) == 1 else [])
    return [_bound(binding, upload) for binding in takers]


def _bound(binding: Binding, upload: Upload) -> Binding:
    refresh_at = None
    if upload.push.vehicle(Kind.REFRESH) is not None:
        refresh_at = binding.refresh_at or max(upload.at, binding.expires_at - SOON)
    return replace(binding, push=upload.push, refresh_at=refresh_at, dead_token=None)
