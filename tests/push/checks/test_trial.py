"""What the answer to a push that nobody gets says of our credentials."""

from __future__ import annotations

import pytest
from tests.push.samples import APNS_APP, FCM_APP, HMS_APP, NOW

from ringwake.model.app import AppKey
from ringwake.model.check import Verdict
from ringwake.model.push import (
    SILENT,
    Accepted,
    Outcome,
    Refused,
    Service,
    Throttled,
    Unreachable,
    Unregistered,
)
from ringwake.push.checks.trial import _MENDS, trial_check, trial_push


@pytest.mark.parametrize(
    ("app", "outcome"),
    [
        (APNS_APP, Unregistered("BadDeviceToken")),
        (FCM_APP, Unregistered("INVALID_ARGUMENT")),
        (FCM_APP, Unregistered("UNREGISTERED")),
        (FCM_APP, Refused("INVALID_ARGUMENT", 400)),
        (FCM_APP, Accepted("projects/demo-project/messages/fake_message_id")),
        (HMS_APP, Unregistered("80300007")),
    ],
)
def test_a_service_that_refuses_the_token_takes_the_credentials(app: AppKey, outcome: Outcome) -> None:
    check = trial_check(app, outcome)
    assert (check.name, check.verdict, check.mend) == (f"push {app.provider} {app.param}", Verdict.OK, "")


@pytest.mark.parametrize(
    ("app", "outcome", "words"),
    [
        (APNS_APP, Refused("InvalidProviderToken", 403), "`key_id`"),
        (APNS_APP, Refused("ExpiredProviderToken", 403), "NTP"),
        (APNS_APP, Refused("TopicDisallowed", 400), "bundle id"),
        (APNS_APP, Refused("BadEnvironmentKeyIdInToken", 403), "`sandbox`"),
        (FCM_APP, Refused("OAuth: the service account is refused", 401), "new JSON file"),
        (FCM_APP, Refused("PERMISSION_DENIED", 403), "enable the Firebase Cloud Messaging API"),
        (HMS_APP, Refused("OAuth: the app secret is refused", 401), "`secret_file`"),
        (APNS_APP, Refused("Whatever", 403), "look the word up"),
        (APNS_APP, Unreachable("unknown host"), "network"),
    ],
)
def test_credentials_that_are_not_taken_have_their_mend(app: AppKey, outcome: Outcome, words: str) -> None:
    check = trial_check(app, outcome)
    assert check.verdict is Verdict.FAIL
    assert words in check.mend
    assert getattr(outcome, "reason", "") in check.cause


@pytest.mark.parametrize("reason", ["TooManyProviderTokenUpdates", "TooManyRequests"])
def test_too_many_is_a_warning(reason: str) -> None:
    check = trial_check(APNS_APP, Throttled(reason))
    assert check.verdict is Verdict.WARN
    assert check.mend


@pytest.mark.parametrize("app", [APNS_APP, FCM_APP, HMS_APP])
def test_the_push_shows_nothing_and_is_kept_for_nobody(app: AppKey) -> None:
    push = trial_push(app, wall=NOW)
    assert push.notice.kind in SILENT
    assert push.expires_at == NOW
    assert push.target.token(push.service) == push.token
    assert (push.service is Service.REMOTE) == (app is APNS_APP)


@pytest.mark.parametrize("mend", [mend for mends in _MENDS.values() for mend in mends.values()])
def test_each_mend_says_what_to_do(mend: str) -> None:
    assert mend.split(" ", maxsplit=1)[0] in {"see", "let", "set", "take", "put", "enable", "upload"}
