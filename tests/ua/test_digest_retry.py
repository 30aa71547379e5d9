"""Claims about credentials: sent when asked for, once, and never where they were refused."""

from __future__ import annotations

from random import Random

import pytest
from tests.support.ids import SeededIds
from tests.support.sip_messages import received_response, request

from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, Credentials, ha1, parse_credentials
from ringwake.sip.message import Request
from ringwake.sip.replies import reply
from ringwake.ua.digest_retry import retry
from ringwake.ua.identity import Identity

ALICE = Identity(user="alice", domain="example.com", password=Secret("secret"))
SHA = 'Digest realm="example.com", nonce="n1", algorithm=SHA-256, qop="auth", opaque="o"'
MD5 = 'Digest realm="example.com", nonce="n1", algorithm=MD5, qop="auth"'
OLD = 'Digest realm="example.com", nonce="n1"'


def answered(sent: Request, status: int, *challenges: str, key: str = "www-authenticate") -> Request | None:
    """Return what is sent again when a request is challenged."""
    headers = [(key, challenge) for challenge in challenges]
    response = received_response(reply(sent, status, to_tag="x", headers=headers).encode())
    return retry(sent, response, ALICE, SeededIds(Random(1)))


def credentials(sent: Request | None, key: str = "authorization") -> Credentials:
    assert sent is not None
    (text,) = sent.headers.texts(key)
    found = parse_credentials(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "asked", "given"),
    [(401, "www-authenticate", "authorization"), (407, "proxy-authenticate", "proxy-authorization")],
)
def test_a_challenge_is_answered_in_its_own_field(status: int, asked: str, given: str) -> None:
    again = answered(request("REGISTER", uri="sip:example.com"), status, SHA, key=asked)
    found = credentials(again, given)
    assert (found.username, found.realm, found.uri, found.opaque) == ("alice", "example.com", "sip:example.com", "o")
    assert found.response == found.expected(ha1(Algorithm.SHA256, "alice", "example.com", "secret"), "REGISTER")


def test_the_retry_is_a_new_transaction_of_the_same_call() -> None:
    sent = request("INVITE", "X-Other: 1", seq=4, body=b"sdp")
    again = answered(sent, 401, SHA)
    assert again is not None
    assert (again.cseq.number, again.call_id, again.body) == (5, sent.call_id, b"sdp")
    assert again.headers.get("from") == sent.headers.get("from")
    assert again.via.branch.startswith("z9hG4bK")
    assert again.via.branch != sent.via.branch
    assert again.via.sent_by == sent.via.sent_by
    assert (sent.cseq.number, "authorization" in sent.headers) == (4, False)


@pytest.mark.parametrize(
    ("challenges", "algorithm"),
    [
        ([SHA, MD5], Algorithm.SHA256),
        ([MD5, SHA], Algorithm.MD5),  # the topmost one: the server's order is its preference
        ([OLD], Algorithm.MD5),
        (["Basic realm=x", "Digest broken", SHA.replace("SHA-256", "SHA-512-256"), MD5], Algorithm.MD5),
        ([SHA.replace('"auth"', '"auth-int"'), MD5], Algorithm.MD5),
        ([SHA.replace('"auth"', '"auth-int,auth"')], Algorithm.SHA256),
    ],
)
def test_the_topmost_challenge_that_we_can_answer_is_taken(challenges: list[str], algorithm: Algorithm) -> None:
    assert credentials(answered(request("REGISTER"), 401, *challenges)).algorithm is algorithm


@pytest.mark.parametrize(
    ("status", "challenges"),
    [
        (200, []),
        (403, [SHA]),
        (401, []),
        (401, ["Basic realm=x"]),
        (401, [SHA.replace("SHA-256", "token")]),
        (401, [SHA.replace('"auth"', '"auth-int"')]),
    ],
)
def test_where_there_is_nothing_to_answer_nothing_is_sent(status: int, challenges: list[str]) -> None:
    assert answered(request("REGISTER"), status, *challenges) is None


def test_credentials_that_were_refused_are_not_sent_again() -> None:
    again = answered(request("REGISTER"), 401, SHA)
    assert again is not None
    assert answered(again, 401, SHA.replace("n1", "n2")) is None


def test_a_stale_nonce_is_worth_another_try_with_the_new_one_only() -> None:
    again = answered(request("REGISTER", "Proxy-Authorization: kept"), 401, SHA)
    assert again is not None
    third = answered(again, 401, SHA.replace("n1", "n2") + ", stale=TRUE")
    found = credentials(third)
    assert (found.nonce, found.nc) == ("n2", "00000001")
    assert third is not None
    assert (third.cseq.number, third.headers.texts("proxy-authorization")) == (3, ["kept"])
    assert answered(third, 401, SHA.replace("n1", "n2") + ", stale=true") is None, "it would be stale again"


def test_a_stale_nonce_of_somebody_elses_making_is_not_compared() -> None:
    sent = request("REGISTER", "Authorization: Digest broken", "Authorization: Basic x")
    assert credentials(answered(sent, 401, SHA + ", stale=true")).nonce == "n1"
