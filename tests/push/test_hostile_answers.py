"""A service, or who stands in for it, may answer anything: no exception, and no token is lost by it.

Issue 6, point 4: deep JSON, huge numbers, the same key twice, octets that are no text, wrong types, at every provider
and at the token services of two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.push.certificates import Certificates
from tests.push.everybody import PROVIDERS, everybody
from tests.push.loop import run
from tests.push.samples import NOW
from tests.push.service import Reply

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.apns.verdict import verdict as apns_verdict
from ringwake.push.fcm.verdict import verdict as fcm_verdict
from ringwake.push.hms.verdict import verdict as hms_verdict
from ringwake.push.hook.verdict import verdict as hook_verdict
from ringwake.push.transport.http import BODY_LIMIT, Answer
from ringwake.push.webpush.client import verdict as webpush_verdict

VERDICTS = {
    "apns": apns_verdict,
    "fcm": fcm_verdict,
    "webpush": webpush_verdict,
    "hms": hms_verdict,
    "http": hook_verdict,
}
MEMBERS = (
    b"reason",
    b"error",
    b"timestamp",
    b"code",
    b"msg",
    b"requestId",
    b"id",
    b"at",
    b"errno",
    b"name",
    b"details",
)
VALUES = (
    b"1e999",
    b"-1e999",
    b"1e308",
    b"9" * 5000,
    b"-" + b"9" * 400,
    b"0." + b"1" * 5000,
    b"NaN",
    b"Infinity",
    b"true",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b'"\\ud800"',
    b'"\xff\xfe"',
    b'"\xed\xa0\x80"',
    b'"\\u0000"',
    b'"a\\r\\nx: y"',
    b'"' + b"x" * 8000,
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'[{"error":' * 50_000,
    b"[" * 4000 + b"]" * 4000,
    b'{"error":' * 2000 + b"1" + b"}" * 2000,
    b'{"status":5,"message":[],"details":{}}',
    b'{"details":[5,null,{"errorCode":{}},{"fieldViolations":[[[]]]}]}',
)
BODIES = [
    b"",
    b"\xff",
    b"\xef\xbb\xbf{}",
    b"\x00",
    b"\0\1{",
    b"<html>410 Gone</html>",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 4000 + b"]" * 4000,
    b"{" * 8000,
    b'"' * 8000,
    b"9" * 8000,
    b"\x80abc",
    b'{"\xff":1}',
    '{"reason":"Unregistered"}'.encode("utf-16"),
    b'{"reason":"Unregistered"} trailing',
    b'{"reason":"BadDeviceToken","reason":"BadTopic"}',
    b'{"error":{"status":"NOT_FOUND"},"error":{}}',
    b'{"code":"80300007","code":5}',
    b'{"reason":["Unregistered"]}',
    b'{"error":{"details":[{"errorCode":["UNREGISTERED"]}]}}',
    b'{"error":"UNREGISTERED"}',
    b'{"code":80300007}',
    *(b'{"%s":%s}' % (member, value) for member in MEMBERS for value in VALUES),
    *(b'{"error":{"%s":%s}}' % (member, value) for member in (b"details", b"message", b"status") for value in VALUES),
]
# 404 and 410 are by themselves the word that a token is dead: APNs and the hook at 410, Web Push at both.
STATUSES = (200, 201, 204, 299, 301, 307, 400, 401, 403, 413, 418, 429, 500, 502, 503, 599)
LIVING = (Accepted, Refused, Throttled, Unreachable)


# Of what a token service may say: enough of each sort, since each takes a server of its own.
GRANTS = [
    *BODIES[:8],
    b'{"access_token":5}',
    b'{"access_token":"\xff","expires_in":3599}',
    b'{"access_token":"a\\r\\nx: y","expires_in":3599}',
    b'{"access_token":"a","expires_in":1e999}',
    b'{"access_token":"a","expires_in":"soon"}',
    b'{"access_token":' + b"[" * 100_000,
]


def outcomes(provider: str, statuses: Iterable[int]) -> Iterator[tuple[Answer, Outcome]]:
    """Put every body under every status before a provider's verdict, as much of it as a transport reads."""
    for body in BODIES:
        for status in statuses:
            answer = Answer(status=status, body=body[:BODY_LIMIT])
            yield answer, VERDICTS[provider](answer, wall=NOW)


@pytest.mark.parametrize("provider", VERDICTS)
def test_no_garbled_answer_kills_a_token_or_raises(provider: str) -> None:
    for answer, outcome in outcomes(provider, STATUSES):
        assert isinstance(outcome, LIVING), (answer.status, answer.body[:60], outcome)


@pytest.mark.parametrize("provider", VERDICTS)
def test_no_answer_gives_a_reason_that_is_not_plain_and_short(provider: str) -> None:
    for answer, outcome in outcomes(provider, (*STATUSES, 404, 410)):
        said = outcome.id if isinstance(outcome, Accepted) else outcome.reason
        assert len(said) <= 200, answer
        if not isinstance(outcome, Accepted):
            assert said.isascii(), answer
            assert said.isprintable(), answer


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b'{"reason":"\xff"}', b"[" * 8000, b'{"a":' * 1600, b'{"reason":5}'],
)
def test_what_the_status_alone_says_is_heard_whatever_stands_in_the_body(body: bytes) -> None:
    gone = Answer(status=410, body=body)
    assert isinstance(apns_verdict(gone, wall=NOW), Unregistered)
    assert isinstance(webpush_verdict(gone, wall=NOW), Unregistered)
    assert isinstance(hook_verdict(gone, wall=NOW), Unregistered)
    assert isinstance(fcm_verdict(gone, wall=NOW), Refused), "FCM has a word for it"
    assert isinstance(hms_verdict(gone, wall=NOW), Refused), "Push Kit has a code for it"


@pytest.mark.parametrize("provider", VERDICTS)
@given(status=st.integers(200, 599), body=st.binary(max_size=200) | st.sampled_from(BODIES), after=st.text(max_size=40))
@settings(deadline=None)
def test_whatever_is_answered_is_an_outcome(provider: str, status: int, body: bytes, after: str) -> None:
    answer = Answer(status=status, headers={"retry-after": after, "date": after}, body=body[:BODY_LIMIT])
    outcome = VERDICTS[provider](answer, wall=NOW)
    assert isinstance(outcome, Outcome)
    if isinstance(outcome, Throttled) and outcome.retry_after is not None:
        assert 0 <= outcome.retry_after <= 3600


def test_a_deep_or_garbled_answer_over_the_wire_is_an_outcome_at_every_provider(certs: Certificates) -> None:
    async def story() -> None:
        async with everybody(certs) as all_of_them:
            for provider in PROVIDERS:
                for status in (200, 400, 500):
                    for body in BODIES[:12]:
                        all_of_them.answer = Reply(status=status, body=body)
                        assert isinstance(await all_of_them.send(provider), LIVING)
            assert not all_of_them.faults, "and none of it is a fault of ours"

    run(story())


@pytest.mark.parametrize("provider", ["fcm", "hms"])
@pytest.mark.parametrize("status", [200, 400])
def test_a_garbled_answer_of_a_token_service_is_an_outcome(provider: str, status: int, certs: Certificates) -> None:
    async def story() -> None:
        for body in GRANTS:
            async with everybody(certs) as all_of_them:
                all_of_them.grant = Reply(status=status, body=body)
                outcome = await all_of_them.send(provider)
                # 400 says that our account is refused, whatever else it says.
                assert isinstance(outcome, Unreachable | Refused), body[:40]
                assert outcome.reason.startswith("OAuth: "), (body[:40], outcome)
                assert not isinstance(outcome, Refused) or outcome.status == 401
                assert not all_of_them.faults, body[:40]
                assert not all_of_them.pushes, "nothing is pushed with what is no token"

    run(story())
