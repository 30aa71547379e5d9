"""Claims about a phone's REGISTER (RFC 3261 section 10.2; the U rows of RFC 8599)."""

from __future__ import annotations

from random import Random

import pytest
from tests.support.ids import SeededIds
from tests.support.sip_messages import TCP, received_response

from ringwake.secret import Secret
from ringwake.sip.fields import contacts
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.message import Request
from ringwake.sip.push_params import push_params
from ringwake.sip.replies import reply
from ringwake.ua.identity import Identity
from ringwake.ua.registration import Granted, PushContact, Registration

ALICE = Identity(user="alice", domain="example.com", password=Secret("secret"), display="Alice")
INSTANCE = "urn:uuid:0c67446e-f1a1-11d9-94d3-000a95a0e128"
PHONE = PushContact(provider="apns", param="TEAM.com.example.voip&remote", prid=Secret("aa:voip&bb:remote"))
BROWSER = PushContact(provider="webpush", prid=Secret("https://push.example.org/x?y=z"))
TLS = TCP._replace(transport=Transport.TLS)


def registration(push: PushContact | None = PHONE) -> Registration:
    return Registration(identity=ALICE, instance=INSTANCE, ids=SeededIds(Random(1)), push=push)


def contact_of(request: Request) -> str:
    (found,) = request.headers.values("contact")
    return found


def test_it_asks_for_push_inside_the_brackets_of_its_contact() -> None:  # U1
    request = registration().request(TLS, expires=3600)
    assert request.start_line() == "REGISTER sip:example.com SIP/2.0"
    assert contact_of(request) == (
        "<sip:alice@192.0.2.1:5060;transport=tcp;pn-provider=apns;pn-param=TEAM.com.example.voip&remote;"
        f'pn-prid=aa:voip&bb:remote>;+sip.instance="<{INSTANCE}>";reg-id=1'
    )
    assert request.headers.get("expires") == "3600"
    assert request.headers.get("to") == "<sip:alice@example.com>"
    assert (request.headers.get("from") or "").startswith('"Alice" <sip:alice@example.com>;tag=')
    assert request.via.transport == "TLS"
    assert "rport" in request.via.params
    request.encode()


def test_what_may_not_stand_in_a_uri_is_escaped_once() -> None:
    (contact,), _ = contacts(registration(BROWSER).request(TLS, expires=3600).headers)
    found = push_params(contact.sip_uri)
    assert found is not None
    assert (found.provider, found.param, found.prid) == ("webpush", None, "https://push.example.org/x?y=z")


def test_a_phone_that_goes_takes_its_token_with_it() -> None:  # U5
    request = registration().request(TLS, expires=0)
    assert (request.headers.get("expires"), "pn-" in contact_of(request)) == ("0", False)
    assert INSTANCE in contact_of(request)


def test_outside_register_a_contact_has_no_push_parameters() -> None:  # U2
    assert registration().contact(TCP, with_push=False) == "<sip:alice@192.0.2.1:5060;transport=tcp>"
    assert registration(None).contact(TCP, with_push=True) == "<sip:alice@192.0.2.1:5060;transport=tcp>"


@pytest.mark.parametrize(
    ("transport", "via", "parameter"), [(Transport.UDP, "UDP", "udp"), (Transport.WSS, "WSS", "ws")]
)
def test_the_contact_and_the_via_name_the_flows_transport(transport: Transport, via: str, parameter: str) -> None:
    flow: Flow = TCP._replace(transport=transport)
    request = registration(None).request(flow, expires=60)
    assert (request.via.transport, f";transport={parameter}>" in contact_of(request)) == (via, True)


def test_all_registers_of_one_binding_have_one_call_id_and_rising_sequence_numbers() -> None:
    made = registration()
    requests = [made.request(TLS, expires=60), made.request(TLS, expires=60)]
    requests[1].headers.set("cseq", "7 REGISTER")
    made.advanced(requests[1])  # a retry with credentials has used it
    made.advanced(requests[0])
    requests += [made.request(TLS, expires=60), made.query(TLS, "fcm")]
    assert [request.cseq.number for request in requests] == [1, 7, 8, 9]
    assert len({request.call_id for request in requests}) == 1
    assert len({request.via.branch for request in requests}) == 4
    assert made.call_id == requests[0].call_id


@pytest.mark.parametrize(("provider", "parameter"), [("fcm", ";pn-provider=fcm>"), ("", ";pn-provider>")])
def test_a_query_names_a_service_or_none_and_binds_nothing(provider: str, parameter: str) -> None:  # U13
    request = registration().query(TLS, provider)
    contact = contact_of(request)
    assert contact.endswith(parameter)
    assert (request.headers.get("expires"), "pn-prid" in contact, "alice@" in contact) == ("0", False, False)


def test_it_states_no_capabilities_of_proxies_and_does_not_offer_to_refresh_by_itself() -> None:
    # G14: whose URI stands in the Contact uses no Feature-Caps. U9: only who refreshes without a push says +sip.pnsreg.
    request = registration().request(TLS, expires=3600)
    assert "feature-caps" not in request.headers
    assert "pnsreg" not in contact_of(request)


def test_who_refreshes_without_a_push_says_so_each_time_and_obeys_only_then() -> None:  # U9, U10, U11
    asks = '*;+sip.pns="apns";+sip.pnsreg="130"'
    made = registration()
    for refreshes_itself, before in ((True, 130), (False, 0)):
        made.refreshes_itself = refreshes_itself
        requests = [made.request(TLS, expires=expires) for expires in (3600, 0)]
        assert [contact_of(each).endswith(";+sip.pnsreg") for each in requests] == [refreshes_itself] * 2
        ok = received_response(reply(requests[0], 200, headers=[("feature-caps", asks)]).encode())
        assert made.granted(ok).refresh_before == before


# ---- flows (RFC 5626)


def test_it_registers_as_a_flow_that_keeps_its_number() -> None:  # O1, O2
    before, after_a_restart = registration(), registration()
    for made in (before, after_a_restart):
        for expires in (3600, 0):
            request = made.request(TLS, expires=expires)
            assert contact_of(request).endswith(f';+sip.instance="<{INSTANCE}>";reg-id=1')
            assert request.headers.values("supported") == ["path", "outbound"]
            assert "require" not in request.headers


def test_where_flows_are_not_known_it_registers_as_everybody_does() -> None:  # O4
    made = registration()
    made.uses_flows = False
    request = made.request(TLS, expires=3600)
    assert contact_of(request).endswith(f';+sip.instance="<{INSTANCE}>"')
    assert request.headers.values("supported") == ["path"]


@pytest.mark.parametrize(
    ("fields", "has_flow", "timer"),
    [
        ([("require", "outbound"), ("flow-timer", "120")], True, 120),
        ([("require", "x, Outbound")], True, 0),
        ([("supported", "outbound")], False, 0),
        ([("require", "outbound"), ("flow-timer", "soon")], True, 0),
        ([("require", "outbound"), ("flow-timer", "-5")], True, 0),
        ([("require", "outbound"), ("flow-timer", "9999999999")], True, 0),
        ([], False, 0),
    ],
)
def test_it_has_a_flow_only_if_the_registrar_says_so(
    fields: list[tuple[str, str]], has_flow: bool, timer: int
) -> None:  # O3
    found = granted(*fields)
    assert (found.has_flow, found.flow_timer) == (has_flow, timer)


# ---- the answer


def granted(*fields: tuple[str, str], push: PushContact | None = PHONE) -> Granted:
    made = registration(push)
    return made.granted(received_response(reply(made.request(TLS, expires=60), 200, headers=fields).encode()))


CONTACT = ("contact", f'<sip:alice@h>;expires=2592000;+sip.instance="<{INSTANCE}>"')


@pytest.mark.parametrize(
    ("caps", "has_push"),
    [
        (['*;+sip.pns="apns"'], True),
        (['*;+SIP.PNS="APNS"'], True),
        (['+sip.pns="apns"'], True),  # OpenSIPS leaves the star out
        (['*;+sip.vapid="x";+sip.pns="apns"'], True),
        (['*;+sip.pns="fcm"', '*;+sip.pns="apns"'], True),
        (['*;+sip.pns="fcm", *;+sip.pns="apns"'], True),
        (['*;+sip.pns="fcm,apns"'], True),
        (['*;+sip.pns="fcm"'], False),
        (['*;+sip.pnsreg="130"'], False),
        ([], False),
    ],
)
def test_a_phone_may_sleep_only_if_its_own_service_is_promised(caps: list[str], has_push: bool) -> None:  # U3
    assert granted(CONTACT, *(("feature-caps", each) for each in caps)) == Granted(2592000, has_push)


def test_it_learns_the_name_by_which_a_dialog_may_wake_it() -> None:  # U14
    assert granted(("feature-caps", '*;+sip.pns="apns";+sip.pnspurr="p1"')).purr == "p1"
    assert granted(("feature-caps", '*;+sip.pns="fcm";+sip.pnspurr="p1"')).purr == ""


def test_a_phone_without_a_token_is_promised_nothing() -> None:
    assert granted(CONTACT, ("feature-caps", '*;+sip.pns="apns"'), push=None) == Granted(2592000, has_push=False)


@pytest.mark.parametrize(
    ("fields", "expires"),
    [
        ([CONTACT], 2592000),
        ([("contact", "<sip:other@h>;expires=5"), CONTACT, ("expires", "9")], 2592000),
        ([("contact", "<broken"), CONTACT], 2592000),
        ([("contact", f'<sip:a@h>;+sip.instance="<{INSTANCE}>"')], 0),
        ([("contact", "<sip:other@h>;expires=5"), ("expires", "9")], 9),
        ([], 0),
    ],
)
def test_the_expiry_is_that_of_its_own_contact(fields: list[tuple[str, str]], expires: int) -> None:
    assert granted(*fields).expires == expires


def test_a_token_is_not_shown() -> None:
    assert "aa:voip" not in repr(registration())
