"""Claims about which requests the layer takes for one (RFC 3261 section 17.2.3, and RFC 2543)."""

from tests.sip.transactions.listening import Server
from tests.support.sip_messages import UDP, octets, received_request, request

from ringwake.sip.message import Request
from ringwake.sip.transactions.events import Dropped


def test_merged_requests_are_told_apart() -> None:
    server = Server()
    one = server.arrive(request("INVITE"))
    over_another_path = server.arrive(request("INVITE", branch="z9hG4bK-2"))
    other = request("INVITE")
    other.headers.replace_first("via", "SIP/2.0/UDP other;branch=z9hG4bK-1")
    from_another_sender = server.arrive(other)
    assert len({arrived.transaction.key for arrived in (one, over_another_path, from_another_sender)}) == 3
    assert len(server.layer) == 3


def old(method: str = "INVITE", *, to: str = "<sip:b@h>", seq: int = 1) -> Request:
    fields = ["Via: SIP/2.0/UDP old.test", "From: <sip:a@h>", f"To: {to}", "Call-ID: c1", f"CSeq: {seq} {method}"]
    return received_request(octets(f"{method} sip:b@h SIP/2.0", *fields))


def test_an_old_request_is_known_again() -> None:
    server = Server()
    transaction = server.arrive(old()).transaction
    assert server.take(old()) == []
    cancelled = server.arrive(old("CANCEL"))
    assert cancelled.target is transaction
    server.respond(transaction, 487)
    assert server.take(old("ACK", to="<sip:b@h>;tag=b1")) == []
    server.run(9.0)
    server.arrive(old(seq=2), now=9.0)


def test_an_old_request_that_cannot_be_matched_is_answered_without_a_transaction() -> None:
    server = Server()
    message = received_request(octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/UDP old.test", "From: <sip:a@h>"))
    assert server.take(message) == [Dropped("CSeq is missing or has no method")]
    assert server.answers() == [(UDP, 400)]
    assert len(server.layer) == 0
