"""Whether a push service takes our credentials: a push to a token that nobody has, and what its answer means.

It goes past lanes, circuits, budgets and the ledger: none of them is to learn from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from ringwake.model.app import AppKey, Provider
from ringwake.model.check import Check, Verdict
from ringwake.model.push import (
    Accepted,
    Kind,
    Notice,
    Outcome,
    Push,
    PushTarget,
    Refused,
    Service,
    Throttled,
    Unreachable,
    Unregistered,
)
from ringwake.push.checks.credentials import label
from ringwake.secret import Token

SECONDS = 8.0
TRIED = frozenset({Provider.APNS, Provider.FCM, Provider.HMS})
"""Services that can be asked without a phone."""
# Of the shape that each service wants, so that it is the token that is refused and nothing before it.
_NOBODYS = {Provider.APNS: "0" * 64, Provider.FCM: "ringwake-doctor:" + "A" * 140, Provider.HMS: "A" * 130}
_BUNDLE = "see that the bundle id in `param` is an app of that team, and that it may have push notifications"
_CLOCK = "let this machine keep time: chrony, NTP"
_ENVIRONMENT = "take a key or certificate of the other environment, or change `sandbox`"
_MENDS: Mapping[Provider, Mapping[str, str]] = {
    Provider.APNS: {
        "InvalidProviderToken": "see that `key_id` is the id of the key in `key_file`, that the first ten characters "
        "of `param` are the team that it belongs to, and that nobody has revoked it",
        "ExpiredProviderToken": _CLOCK,
        "MissingProviderToken": "set `key_id` and `key_file`, or `client_certificate`",
        "UnrelatedKeyIdInToken": "see that `key_id` is the id of the key in `key_file`",
        "BadEnvironmentKeyIdInToken": _ENVIRONMENT,
        "BadCertificate": "put a valid push certificate into `client_certificate`",
        "BadCertificateEnvironment": _ENVIRONMENT,
        "TopicDisallowed": _BUNDLE,
        "BadTopic": _BUNDLE,
        "MissingTopic": _BUNDLE,
        "TooManyProviderTokenUpdates": "see whether another server signs with that key: Apple counts a team's tokens",
    },
    Provider.FCM: {
        "UNAUTHENTICATED": "take a new JSON file of the service account: its key may have been deleted",
        "OAuth: the service account is refused": "take a new JSON file of the service account: its key may have been "
        "deleted, or the account disabled; and see that this machine keeps time",
        "PERMISSION_DENIED": "enable the Firebase Cloud Messaging API in the project, and give the account the role "
        "Firebase Cloud Messaging API Admin",
        "NOT_FOUND": "see that `param` and the service account's project exist",
        "SENDER_ID_MISMATCH": "see that the app is of that project",
        "THIRD_PARTY_AUTH_ERROR": "upload the APNs key or Web Push certificate to Firebase",
    },
    Provider.HMS: {
        "OAuth: the app secret is refused": "see that `param` is the app id, and `secret_file` holds its app secret",
        "80300002": "enable Push Kit for the app in AppGallery Connect",
        "80600003": "see `param`, `project` and `secret_file`",
    },
}
_WAIT = "try again in a few minutes"
_UNKNOWN = "look the word up in the service's documents: it speaks of our credentials or of the app"


def trial_push(app: AppKey, *, wall: float) -> Push:
    """Return a silent push to a token that nobody has."""
    token = Token(provider=app.provider.value, app=app.param, value=_NOBODYS[app.provider])
    service = Service.REMOTE if app.provider is Provider.APNS else Service.ONLY
    return Push(
        notice=Notice(kind=Kind.REFRESH, id="ringwake-doctor", account=""),
        target=PushTarget(app=app, tokens=((service, token),)),
        service=service,
        token=token,
        expires_at=wall,  # nobody keeps it
        timeout=SECONDS,
    )


def trial_check(app: AppKey, outcome: Outcome) -> Check:
    """Say what the answer to a trial push means."""
    name = f"push {label(app)}"
    mends = _MENDS.get(app.provider, {})
    reason = getattr(outcome, "reason", "")
    mend = mends.get(reason, "")
    match outcome:
        case Accepted() | Unregistered():
            return Check(name=name, verdict=Verdict.OK, cause="the service takes our credentials")
        case Refused(status=400) if not mend:
            return Check(name=name, verdict=Verdict.OK, cause=f"the service takes our credentials ({reason})")
        case Throttled():
            return Check(name=name, verdict=Verdict.WARN, cause=f"too many pushes: {reason}", mend=mend or _WAIT)
        case Unreachable():
            cause = f"the service did not say whether it takes our credentials: {reason}"
            return Check(name=name, verdict=Verdict.FAIL, cause=cause, mend=mend or "see the checks of the network")
        case Refused():
            cause = f"the service does not take our credentials: {reason} ({outcome.status})"
            return Check(name=name, verdict=Verdict.FAIL, cause=cause, mend=mend or _UNKNOWN)
        case _:
            assert_never(outcome)
