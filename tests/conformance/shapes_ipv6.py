"""Messages of the shapes of RFC 5118, each our own: read, then answered for their domains, which are not ours."""

from __future__ import annotations

from tests.conformance.shapes import Shape, invite, offer, options
from tests.conformance.shapes_refused import Refused

_SDP = (
    b"v=0\r\no=mara 280744730 28977631 IN IP4 quay.elsewhere.test\r\ns=\r\nt=0 0\r\nm=audio 22334 RTP/AVP 0\r\n"
    b"c=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8:7::1\r\na=rtpmap:107 H263-1998/90000\r\n"
)


def register(name: str, registrar: str) -> Shape:
    """Write a REGISTER from an IPv6 address."""
    return options(
        name,
        start=f"REGISTER sip:{registrar} SIP/2.0",
        via=f"Via: SIP/2.0/UDP [2001:db8:7::9:1];branch=z9hG4bK{name}.TOKEN",
        **{"from": "From: sip:mara@harbour.test;tag=81x2"},
        cseq="CSeq: 98176 REGISTER",
        contact='Contact: "Caller" <sip:tim@[2001:db8:7::1]>',
    )


def to_nowhere(name: str, uri: str, body: bytes) -> Shape:
    """Write an INVITE to an IPv6 address."""
    return Shape(invite(name, start=f"INVITE {uri} SIP/2.0", to=f"To: {uri}").head, body)


IPV6 = {
    "ipv6-good": Refused(shape=register("ipv6-good", "[2001:db8:7::10]"), status=401),
    "ipv6-bad": Refused(shape=register("ipv6-bad", "2001:db8:7::10"), status=400),
    "port-ambiguous": Refused(shape=register("port-ambiguous", "[2001:db8:7::10:5070]"), status=401),
    "port-unambiguous": Refused(shape=register("port-unambiguous", "[2001:db8:7::10]:5070"), status=401),
    "via-received-param-with-delim": Refused(
        shape=options(
            "with-delim",
            start="BYE sip:[2001:db8:7::10] SIP/2.0",
            to="To: sip:mara@harbour.test;tag=bd76ya",
            via="Via: SIP/2.0/UDP [2001:db8:7::9:1];received=[2001:db8:7::9:255];branch=z9hG4bKwith.TOKEN",
            cseq="CSeq: 321 BYE",
        ),
        status=481,
    ),
    "via-received-param-no-delim": Refused(
        shape=options(
            "no-delim",
            start="OPTIONS sip:[2001:db8:7::10] SIP/2.0",
            via="Via: SIP/2.0/UDP [2001:db8:7::9:1];received=2001:db8:7::9:255;branch=z9hG4bKno.TOKEN",
        ),
        status=403,
        is_sound=True,
    ),
    "ipv6-in-sdp": Refused(
        shape=to_nowhere("ipv6-in-sdp", "sip:mara@[2001:db8:7::10]", offer("2001:db8:7::20", "IP6")),
        status=403,
        is_sound=True,
    ),
    "mult-ip-in-header": Refused(
        shape=options(
            "mult-ip-in-header",
            start="BYE sip:mara@quay.elsewhere.test SIP/2.0",
            via="Via: SIP/2.0/UDP [2001:db8:7::9:1]:5060;branch=z9hG4bKmult.TOKEN\n"
            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\n"
            "Via: SIP/2.0/TCP [2001:db8:7::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
            to="To: sip:mara@harbour.test;tag=9817--94",
            cseq="CSeq: 89187 BYE",
        ),
        status=481,
    ),
    "mult-ip-in-sdp": Refused(
        shape=to_nowhere("mult-ip-in-sdp", "sip:mara@[2001:db8:7::10]", _SDP), status=403, is_sound=True
    ),
    "ipv6-bug-abnf-3-colons": Refused(
        shape=options("3-colons", start="OPTIONS sip:mara@[2001:db8:7:::192.0.2.1] SIP/2.0"), status=403, is_sound=True
    ),
    "ipv6-correct-abnf-2-colons": Refused(
        shape=options("2-colons", start="OPTIONS sip:mara@[2001:db8:7::192.0.2.1] SIP/2.0"), status=403, is_sound=True
    ),
}
