"""What becomes of a binding or an upload that loses a token, and of one that gets it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ringwake.model.binding import Binding
from ringwake.model.push import Kind, PushTarget, Service
from ringwake.model.token_ops import ForgetToken
from ringwake.model.upload import Upload
from ringwake.store.subscriptions import has_token


def without_token(binding: Binding, digest: str) -> Binding:
    """Return a binding that has this token as it is without."""
    assert binding.push is not None
    target = target_without(binding.push, digest)
    # A phone that has only a VoIP token left gets no silent push.
    refresh_at = binding.refresh_at if target and target.vehicle(Kind.REFRESH) else None
    return replace(binding, push=target, refresh_at=refresh_at, dead_token=binding.push.app.provider)


def with_token_again(binding: Binding, before: Binding, digest: str) -> Binding | None:
    """Return a binding with the token that it had `before`; None when something has come since.

    An upload comes without a REGISTER, and who has taken its target back has no dead token any more either.
    """
    if binding.registered_at != before.registered_at or binding.dead_token is None or before.push is None:
        return None
    target = target_with(binding.push, before.push, digest)
    if target is None:
        return None
    refresh_at = binding.refresh_at if binding.refresh_at is not None else before.refresh_at
    return replace(binding, push=target, refresh_at=refresh_at, dead_token=before.dead_token)


def is_spoken_of(target: PushTarget | None, op: ForgetToken) -> bool:
    """Tell whether a target has the token that was called dead, for the service that it was pushed to for."""
    tokens = target.tokens if target else ()
    return any(token.digest == op.digest and op.service in (Service.ONLY, service) for service, token in tokens)


def is_bare(binding: Binding, instance: str) -> bool:
    """Tell whether a binding has lost its only target, which may have been what was uploaded for this instance."""
    return binding.push is None and binding.dead_token is not None and instance in ("", binding.instance)


def is_missed(upload: Upload, digest: str, bindings: Iterable[Binding]) -> bool:
    """Tell whether a phone of its account still has the token of a lost upload, or its loss.

    Where none has, the owner has taken it back, or the account is gone and may be somebody else's by now.
    """
    return any(
        has_token(known.push, digest) if known.push is not None else is_bare(known, upload.instance)
        for known in bindings
    )


def upload_again(upload: Upload | None, before: Upload, digest: str) -> Upload | None:
    """Return an upload with the token that it had `before`; None when another has come since."""
    if upload is None:
        return before
    target = target_with(upload.push, before.push, digest) if upload.at == before.at else None
    return None if target is None else replace(upload, push=target)


def target_without(target: PushTarget, digest: str) -> PushTarget | None:
    """Return a target without this token, if it has another."""
    left = tuple((service, token) for service, token in target.tokens if token.digest != digest)
    return replace(target, tokens=left) if left else None


def target_with(target: PushTarget | None, before: PushTarget, digest: str) -> PushTarget | None:
    """Return a target with the token that it had `before`, in its place; None when it has that, or a new one."""
    known = {token.digest for _, token in target.tokens} if target else set()
    if digest in known or not all(has_token(before, other) for other in known):
        return None
    both = tuple(pair for pair in before.tokens if pair[1].digest == digest or pair[1].digest in known)
    return replace(before, tokens=both)
