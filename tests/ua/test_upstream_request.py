"""Claims about the REGISTERs of an account to its PBX, one after the other."""

from __future__ import annotations

from random import Random

import pytest
from tests.support.ids import SeededIds
from tests.support.sip_messages import TCP, received_response

from ringwake.secret import Secret
from ringwake.sip.message import Request
from ringwake.sip.replies import reply
from ringwake.ua.identity import Identity
from ringwake.ua.register_answer import read
from ringwake.ua.upstream_request import MOST_REQUESTS, PbxAccount, Registers, asked_for, has_credentials

LOGIN = Identity(user="1001", domain="pbx.example.com", password=Secret("sesame"))
CONTACT = "sip:rw-1@192.0.2.1:5060"
CHALLENGE = 'Digest realm="pbx", nonce="n{}", algorithm=MD5, qop="auth", stale=true'


def registers(*, login: Identity | None = LOGIN, realm: str = "") -> Registers:
    account = PbxAccount(aor="sip:1001@pbx", registrar="sip:pbx", contact=CONTACT, login=login, realm=realm)
    return Registers(account=account, ids=SeededIds(Random(1)), expires=60)


def again(made: Registers, status: int, *fields: tuple[str, str]) -> Request | None:
    sent = made.sent
    assert sent is not None
    response = received_response(reply(sent, status, to_tag="p", headers=list(fields)).encode())
    return made.again(response, read(response, contact=CONTACT, asked=asked_for(sent)))


def test_one_call_id_and_a_number_that_rises_by_one() -> None:
    made = registers()
    first = made.begin(TCP, expires=60)
    second = again(made, 423, ("min-expires", "90"))
    third = made.begin(TCP, expires=0)
    assert second is not None
    assert [each.cseq.number for each in (first, second, third)] == [1, 2, 3]
    assert {each.call_id for each in (first, second, third)} == {made.call_id}
    assert (made.sent is third, asked_for(second), asked_for(third), made.expires) == (True, 90, 0, 90)


@pytest.mark.parametrize(("status", "field"), [(401, "authorization"), (407, "proxy-authorization")])
def test_the_phones_answer_goes_into_the_field_of_the_last_challenge(status: int, field: str) -> None:
    made = registers(login=None)
    assert not has_credentials(made.begin(TCP, expires=60))
    assert again(made, status) is None
    sent = made.begin(TCP, expires=60, authorization="Digest x")
    assert (sent.headers.texts(field), has_credentials(sent)) == (["Digest x"], True)


def test_a_try_ends_after_a_number_of_requests_and_the_next_one_begins_anew() -> None:
    made = registers()
    made.begin(TCP, expires=60)
    count = 1
    while again(made, 401, ("www-authenticate", CHALLENGE.format(count))) is not None:
        count += 1
    assert (count, made.is_loop) == (MOST_REQUESTS, True)
    made.begin(TCP, expires=60)
    assert not made.is_loop


def test_what_was_mended_once_stays_so() -> None:
    made = registers()
    made.begin(TCP, expires=60)
    plain = again(made, 420)
    assert plain is not None
    assert "supported" not in plain.headers
    assert asked_for(plain) == 60
    assert again(made, 420) is None
    assert "supported" not in made.begin(TCP, expires=60).headers, "it has learnt"


def test_a_farewell_that_is_mended_stays_one() -> None:
    made = registers()
    made.begin(TCP, expires=0)
    plain = again(made, 420)
    assert plain is not None
    assert asked_for(plain) == 0
    assert again(made, 423, ("min-expires", "600")) is None


@pytest.mark.parametrize("text", ['Digest realm="rogue", nonce="n"', "Digest broken", "Basic realm=pbx"])
def test_another_realm_gets_no_credentials(text: str) -> None:
    made = registers(realm="pbx")
    made.begin(TCP, expires=60)
    assert again(made, 401, ("www-authenticate", text)) is None
    answered = again(made, 401, ("www-authenticate", text), ("www-authenticate", CHALLENGE.format(1)))
    assert answered is not None
    assert 'realm="pbx"' in answered.headers.texts("authorization")[0]
    assert made.realm == "pbx"


def test_after_the_answer_nothing_is_mended() -> None:
    made = registers()
    response = received_response(reply(made.begin(TCP, expires=60), 420).encode())
    answer = read(response, contact=CONTACT, asked=60)
    made.sent = None
    assert made.again(response, answer) is None


def test_a_phones_credentials_stay_and_ours_are_made_anew() -> None:
    phones, ours = registers(login=None), registers()
    phones.begin(TCP, expires=60, authorization="Digest x")
    kept = again(phones, 420)
    ours.begin(TCP, expires=60)
    again(ours, 401, ("www-authenticate", CHALLENGE.format(1)))
    dropped = again(ours, 420)
    assert kept is not None
    assert dropped is not None
    assert (has_credentials(kept), has_credentials(dropped)) == (True, False)


def test_the_password_is_not_shown() -> None:
    made = registers()
    made.begin(TCP, expires=60)
    assert "sesame" not in repr(made)
