"""What callers, owners and operators write stays in its place, and with those whom it is meant for.

Header injection (reliability S12, issue 6, point 4): text with CR, LF, NUL and U+2028 in every field that anybody may
fill, from the request to the wire, at every provider. Privacy: without `show_caller` a payload is the same whoever
calls, to the octet.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.push.announcing import EVERYTHING, KINDS, Story, saying
from tests.push.certificates import Certificates
from tests.push.everybody import PROVIDERS, everybody
from tests.push.fcm.google import account
from tests.push.house import apns_access
from tests.push.loop import run
from tests.push.payloads import FORMS, Form
from tests.push.samples import APNS_TOKEN
from tests.push.service import Received

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Accepted, Kind, Refused
from ringwake.push.access import FcmAccess, HmsAccess
from ringwake.push.errors import CredentialsError, UnsendableError
from ringwake.secret import Secret
from ringwake.wake.wording import Caller

BREAKERS = (
    "\r\n",
    "\r\nx-injected: yes\r\n\r\n",
    "\n",
    "\r",
    "\0",
    "\u2028",
    "\u2029",
    "\x85",
    "\x7f",
    "\t",
    "\udcff",
    "é",
    "😀",
)
TEXT = st.builds("".join, st.lists(st.sampled_from(BREAKERS) | st.text(max_size=8), max_size=4))
TOKEN_REFUSALS = (
    "bad device token",
    "bad registration token",
    "bad push token",
    "bad opaque token",
    "malformed endpoint",
)
COMMON = {":method": "POST", ":scheme": "https", "user-agent": "ringwake", "content-length": r"[0-9]{2,4}"}
JSON_ = {"content-type": "application/json"}
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
APNS = {
    ":path": f"/3/device/{APNS_TOKEN}",
    "authorization": r"bearer [A-Za-z0-9._\-]{100,400}",
    "apns-id": UUID,
    "apns-priority": "10|5",
    "apns-expiration": r"[0-9]{10}",
    **JSON_,
}
VAPID = {
    ":path": "/x",
    "authorization": r"vapid t=[A-Za-z0-9._\-]{100,400}, k=[A-Za-z0-9_\-]{87}",
    "ttl": "20",
    "urgency": "high|normal",
    "topic": "[0-9a-f]{32}",
}
HEADERS = {
    "apns voip": APNS | {"apns-push-type": "voip", "apns-topic": r"com\.example\.phone\.voip"},
    "apns remote": APNS
    | {
        "apns-push-type": "alert|background",
        "apns-topic": r"com\.example\.phone",
        "apns-collapse-id": "[0-9a-f]{32}",
    },
    "fcm": JSON_ | {":path": "/v1/projects/demo-project/messages:send", "authorization": r"bearer ya29\.1"},
    "webpush": VAPID,
    "unifiedpush": VAPID,
    "hms": JSON_ | {":path": "/v1/100000001/messages:send", "authorization": r"Bearer ya29\.1"},
    "http": JSON_
    | {
        ":path": "/hook",
        "webhook-id": "[0-9a-f]{32}",
        "webhook-timestamp": r"[0-9]{10}",
        "webhook-signature": r"v1,[A-Za-z0-9+/]{43}=",
    },
}


def check_headers(received: Received, provider: str, port: int) -> None:
    """Fail unless the fields are exactly those that are meant, each once and of its form."""
    expected = COMMON | HEADERS[provider] | {":authority": rf"127\.0\.0\.1:{port}"}
    if provider in ("webpush", "unifiedpush"):
        expected["content-length"] = "0"  # a page that gave no keys gets no body
    assert sorted(name for name, _ in received.headers) == sorted(expected)
    for name, value in received.headers:
        assert re.fullmatch(expected[name], value), (name, value)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.lists(TEXT, min_size=8, max_size=8), min_size=4, max_size=4))
def test_every_provider_sees_exactly_the_headers_that_are_meant(texts: list[list[str]], certs: Certificates) -> None:
    async def story() -> None:
        async with everybody(certs) as all_of_them:
            for uri, name, display, call_id, aor, sound, before, after in texts:
                told = Story(
                    caller=Caller(uri, name, display=display),
                    call_id=call_id,
                    aor=aor,
                    sound=sound,
                    texts=saying(before, after),
                    extra=(("x-all", EVERYTHING),),
                )
                for provider in PROVIDERS:
                    for kind in KINDS:
                        push = told.push(kind, all_of_them.push(provider))
                        if push is None:
                            continue
                        all_of_them.pushes.clear()
                        assert isinstance(await all_of_them.senders.send(push), Accepted), (provider, kind)
                        (received,) = all_of_them.pushes
                        check_headers(received, provider, all_of_them.server.port)
            assert not all_of_them.faults

    run(story())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_token_that_breaks_out_is_refused_and_never_sent(provider: str, certs: Certificates) -> None:
    async def story() -> None:
        async with everybody(certs) as all_of_them:
            good = all_of_them.push(provider).token.reveal()
            for breaker in BREAKERS:
                for token in (good + breaker, breaker + good, good + breaker + good, breaker, breaker * 20):
                    outcome = await all_of_them.send(provider, value=token)
                    assert isinstance(outcome, Refused), token
                    assert outcome.reason in TOKEN_REFUSALS
                    assert outcome.status == 400
            assert not all_of_them.pushes
            assert not all_of_them.faults

    run(story())


@pytest.mark.parametrize("breaker", [*BREAKERS, "/", " ", "?x", "#x", ":"])
def test_an_application_that_breaks_out_is_refused_and_never_sent(breaker: str, certs: Certificates) -> None:
    """Its name is the topic of APNs, and stands in the paths of two others."""

    async def story() -> None:
        async with everybody(certs) as all_of_them:
            server, senders = all_of_them.server, all_of_them.senders
            bad = AppKey(Provider.APNS, f"TEAM123456.com.example{breaker}phone")
            senders.add(bad, apns_access(server, certs))
            push = all_of_them.push("apns remote")
            assert await senders.send(replace(push, target=replace(push.target, app=bad))) == Refused(
                "bad apns-topic", 400
            )
            hms = HmsAccess(
                secret=Secret("s"), endpoint=server.url, token_endpoint=f"{server.url}/token", ca_file=certs.ca
            )
            with pytest.raises(CredentialsError, match="bad huawei id"):
                senders.add(AppKey(Provider.HMS, f"100000001{breaker}"), hms)
            account_of_another = account(server.url) | {"project_id": f"demo{breaker}/"}
            with pytest.raises(CredentialsError, match="bad project"):
                senders.add(AppKey(Provider.FCM, "x"), FcmAccess(service_account=account_of_another, ca_file=certs.ca))
            assert not all_of_them.pushes

    run(story())


# ---- what the content is


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(texts=st.lists(TEXT, min_size=8, max_size=8), kind=st.sampled_from(KINDS))
@settings(max_examples=40, deadline=None)
def test_whatever_is_written_the_payload_says_what_it_is_about(form: Form, texts: list[str], kind: Kind) -> None:
    uri, name, display, call_id, aor, sound, before, after = texts
    told = Story(
        caller=Caller(uri, name, display=display),
        call_id=call_id,
        aor=aor,
        sound=sound,
        texts=saying(before, after),
        extra=(("x-all", EVERYTHING),),
    )
    push = told.push(kind, form.push())
    if push is None:
        return
    ours = ringwake_of(json.loads(form.build(push)))
    assert (ours["v"], ours["kind"], ours["id"], ours["seq"]) == (1, kind.value, push.notice.id, 1)
    assert ours.keys() <= {"v", "kind", "id", "call_id", "account", "seq", "uuid", "deadline_ms", "expires", "from"}


def ringwake_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return our object out of any provider's body."""
    message = body.get("message", {})
    if isinstance(message.get("data"), str):
        body = json.loads(message["data"])
    elif message:
        body = {"ringwake": json.loads(message["data"]["ringwake"])}
    found: dict[str, Any] = body["ringwake"]
    return found


# ---- privacy


def content(form: Form, told: Story, kind: Kind) -> bytes | None:
    """Return a payload; None where there is none."""
    push = told.push(kind, form.push())
    try:
        return None if push is None else form.build(push)
    except UnsendableError:
        return None


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(one=st.lists(TEXT, min_size=3, max_size=3), other=st.lists(TEXT, min_size=3, max_size=3), has_loc=st.booleans())
@settings(max_examples=40, deadline=None)
def test_an_application_that_may_not_know_the_caller_gets_the_same_octets_whoever_calls(
    form: Form, *, one: list[str], other: list[str], has_loc: bool
) -> None:
    told = Story(texts=saying("a", "b", has_loc=has_loc), extra=(("x-all", EVERYTHING),), show_caller=False)
    for kind in KINDS:
        first, second = (
            content(form, replace(told, caller=Caller(uri, name, display=display)), kind)
            for uri, name, display in (one, other)
        )
        assert first == second


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_one_that_may_know_gets_others(form: Form) -> None:
    told = Story(texts=saying("a", "b"), extra=(("x-all", EVERYTHING),))
    boss = content(form, told, Kind.CALL)
    other = content(form, replace(told, caller=Caller("sip:x@h", "Xaver")), Kind.CALL)
    assert boss is not None
    assert other is not None
    assert b"sip:boss@example.com" in boss
    assert b"Xaver" in other
