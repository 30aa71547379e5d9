"""The whole of Apple's table (push-services 1.4): what becomes of the token, and whether the push goes again."""

from __future__ import annotations

import json

import pytest
from tests.push.samples import NOW

from ringwake.model.push import Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.apns.verdict import verdict
from ringwake.push.transport.http import Answer
from ringwake.wake.delivery import Delivery, Stage

DEAD, KEPT = "dead", "kept"
AGAIN, ONCE = "again", "once"
# Outcome, state of the token, and whether the push is sent again while the call lasts.
TABLE: dict[str, tuple[int, type[Outcome], str, str]] = {
    # The phone's token.
    "BadDeviceToken": (400, Unregistered, DEAD, ONCE),  # after the other environment was asked: test_environments
    "DeviceTokenNotForTopic": (400, Unregistered, DEAD, ONCE),
    "ExpiredToken": (410, Unregistered, DEAD, ONCE),
    "Unregistered": (410, Unregistered, DEAD, ONCE),
    # This push: it would be refused again.
    "BadCollapseId": (400, Refused, KEPT, ONCE),
    "BadExpirationDate": (400, Refused, KEPT, ONCE),
    "BadMessageId": (400, Refused, KEPT, ONCE),
    "BadPriority": (400, Refused, KEPT, ONCE),
    "DuplicateHeaders": (400, Refused, KEPT, ONCE),
    "InvalidPushType": (400, Refused, KEPT, ONCE),
    "MissingDeviceToken": (400, Refused, KEPT, ONCE),
    "PayloadEmpty": (400, Refused, KEPT, ONCE),
    "PayloadTooLarge": (413, Refused, KEPT, ONCE),
    # Our configuration, and the push says so: the operator is told, no phone loses its token.
    "BadTopic": (400, Refused, KEPT, ONCE),
    "MissingTopic": (400, Refused, KEPT, ONCE),
    "TopicDisallowed": (400, Refused, KEPT, ONCE),
    # Our configuration or credentials: they may be mended while the call lasts.
    "BadCertificate": (403, Refused, KEPT, AGAIN),
    "BadCertificateEnvironment": (403, Refused, KEPT, AGAIN),
    "BadEnvironmentKeyIdInToken": (403, Refused, KEPT, AGAIN),
    "ExpiredProviderToken": (403, Refused, KEPT, AGAIN),  # after a new one was refused, too: test_client
    "Forbidden": (403, Refused, KEPT, AGAIN),
    "InvalidProviderToken": (403, Refused, KEPT, AGAIN),
    "MissingProviderToken": (403, Refused, KEPT, AGAIN),
    "UnrelatedKeyIdInToken": (403, Refused, KEPT, AGAIN),
    "BadPath": (404, Refused, KEPT, ONCE),
    "MethodNotAllowed": (405, Refused, KEPT, ONCE),
    # Later.
    "IdleTimeout": (400, Unreachable, KEPT, AGAIN),
    "TooManyProviderTokenUpdates": (429, Throttled, KEPT, AGAIN),  # on another connection first: test_host
    "TooManyRequests": (429, Throttled, KEPT, AGAIN),
    "InternalServerError": (500, Unreachable, KEPT, AGAIN),
    "ServiceUnavailable": (503, Unreachable, KEPT, AGAIN),
    "Shutdown": (503, Unreachable, KEPT, AGAIN),
}
APPLES = """
    BadCollapseId BadDeviceToken BadExpirationDate BadMessageId BadPriority BadTopic DeviceTokenNotForTopic
    DuplicateHeaders IdleTimeout InvalidPushType MissingDeviceToken MissingTopic PayloadEmpty TopicDisallowed
    BadCertificate BadCertificateEnvironment ExpiredProviderToken Forbidden InvalidProviderToken MissingProviderToken
    UnrelatedKeyIdInToken BadEnvironmentKeyIdInToken BadPath MethodNotAllowed ExpiredToken Unregistered PayloadTooLarge
    TooManyProviderTokenUpdates TooManyRequests InternalServerError ServiceUnavailable Shutdown
"""


def test_the_table_is_apples() -> None:
    assert sorted(TABLE) == sorted(APPLES.split())


@pytest.mark.parametrize("reason", TABLE)
def test_a_reason_has_its_outcome_its_token_state_and_its_repeat(reason: str) -> None:
    status, kind, token, repeat = TABLE[reason]
    outcome = verdict(Answer(status=status, body=json.dumps({"reason": reason}).encode()), wall=NOW)
    assert (type(outcome), getattr(outcome, "reason", "")) == (kind, reason)
    assert isinstance(outcome, Unregistered) is (token == DEAD)
    delivery = Delivery(now=0.0, until=20.0, jitter=0.5)
    delivery.begin()
    delivery.outcome(outcome, now=0.1)
    ends = Stage.DEAD if token == DEAD else Stage.REFUSED
    assert delivery.stage is (Stage.WAITING if repeat == AGAIN else ends)
    assert (delivery.next_at is not None) is (repeat == AGAIN)
