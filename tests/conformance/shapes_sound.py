"""Odd messages that do no harm (RFC 4475 sections 3.1.2.12, 3.2.1, 3.3 and 3.4.1; RFC 5118 sections 4.6 to 4.9)."""

from __future__ import annotations

from tests.conformance.shapes import Shape, invite, offer, options
from tests.conformance.shapes_valid import VALID, Sound

ODD = {
    "baddate": Sound(
        shape=Shape(
            """
INVITE sip:mara@harbour.test SIP/2.0
To: sip:mara@harbour.test
From: sip:tim@elsewhere.test;tag=2234923
Max-Forwards: 70
Call-ID: baddate.TOKEN
CSeq: 1392934 INVITE
Via: SIP/2.0/UDP quay.elsewhere.test;branch=z9hG4bKbaddate.TOKEN
Date: Fri, 01 Jan 2027 16:00:00 EST
Contact: <sip:tim@quay.elsewhere.test>
Content-Type: application/sdp
Content-Length: LENGTH
""",
            offer(),
        ),
        hops=69,
        keeps=("Date: Fri, 01 Jan 2027 16:00:00 EST",),
    ),
    "badbranch": Sound(
        shape=Shape(
            """
OPTIONS sip:mara@harbour.test SIP/2.0
To: sip:mara@harbour.test
From: sip:tim@elsewhere.test;tag=33242
Max-Forwards: 3
Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK
Accept: application/sdp
Call-ID: badbranch.TOKEN
CSeq: 8 OPTIONS
l: 0
"""
        ),
        hops=2,
    ),
    "invut": Sound(
        shape=Shape(
            """
INVITE sip:mara@harbour.test SIP/2.0
Contact: <sip:tim@quay.elsewhere.test>
To: sip:m.ara@harbour.test
From: sip:tim@elsewhere.test;tag=8392034
Max-Forwards: 70
Call-ID: invut.TOKEN
CSeq: 235448 INVITE
Via: SIP/2.0/UDP quay.elsewhere.test;branch=z9hG4bKinvut.TOKEN
Content-Type: application/made-up
Content-Length: LENGTH
""",
            b'<sound>\r\n <pcm on="9000"/>\r\n</sound>\r\n',
        ),
        hops=69,
        keeps=("Content-Type: application/made-up",),
    ),
    "sdp01": Sound(
        shape=Shape(
            """
INVITE sip:mara@harbour.test SIP/2.0
To: sip:m_ara@harbour.test
Contact: <sip:tim@quay.elsewhere.test>
From: sip:tim@elsewhere.test;tag=234
Max-Forwards: 5
Call-ID: sdp01.TOKEN
Accept: text/nobody-reads-this
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKsdp01.TOKEN
Content-Length: LENGTH
Content-Type: application/sdp
""",
            offer(),
        ),
        hops=4,
        keeps=("Accept: text/nobody-reads-this",),
    ),
    "inv2543": Sound(
        shape=Shape(
            """
INVITE sip:mara@harbour.test SIP/2.0
Via: SIP/2.0/UDP gate.elsewhere.test
From: <sip:+13035550111@gate.elsewhere.test;user=phone>
Record-Route: <sip:mara@harbour.test;maddr=gate.elsewhere.test>
To: sip:+16505550222@harbour.test;user=phone
Call-ID: inv2543.TOKEN
CSeq: 56 INVITE
Content-Type: application/sdp
""",
            offer(),
        ),
        hops=70,
        keeps=("Record-Route: <sip:mara@harbour.test;maddr=gate.elsewhere.test>",),
    ),
    "ipv6-in-sdp": Sound(
        shape=Shape(invite("ipv6-in-sdp").head, offer("2001:db8:7::20", "IP6")),
        hops=6,
        keeps=("Content-Type: application/sdp",),
    ),
    "mult-ip-in-header": Sound(
        shape=options(
            "mult-ip",
            via="Via: SIP/2.0/UDP [2001:db8:7::9:1];branch=z9hG4bKmult.TOKEN\n"
            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2\n"
            "Via: SIP/2.0/TCP [2001:db8:7::9:255];branch=z9hG4bK3;received=192.0.2.200",
        ),
        hops=69,
        vias=("192.0.2.1", "[2001:db8:7::9:255];branch=z9hG4bK3;received=192.0.2.200"),
    ),
    "ipv4-mapped-ipv6": Sound(
        shape=Shape(
            invite(
                "mapped",
                via="Via: SIP/2.0/UDP [::ffff:192.0.2.10]:5060;branch=z9hG4bKmapped.TOKEN\n"
                "Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bK2",
                contact='Contact: "T. desk" <sip:tim@[::ffff:192.0.2.2]>',
            ).head,
            offer("::ffff:192.0.2.2", "IP6"),
        ),
        hops=6,
        keeps=('Contact: "T. desk" <sip:tim@[::ffff:192.0.2.2]>',),
        vias=("[::ffff:192.0.2.2]",),
    ),
}

SOUND = {**VALID, **ODD}
