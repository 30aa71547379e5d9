"""Messages with something wrong (RFC 4475 sections 3.1.2 and 3.3), or for nobody that is here: one answer each."""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance.shapes import Shape, invite, options

HUGE = "36893488147419103232"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A shape, and its answer."""

    shape: Shape
    status: int
    says: tuple[str, ...] = ()
    """Whole lines of the answer."""
    is_sound: bool = False
    """Whether it is well-formed: then a stranger is challenged first."""


REFUSED = {
    # 3.1.1: sound, but for users that nobody here has
    "intmeth": Refused(
        shape=options(
            "intmeth",
            start="!odd_*+`.%indeed'~ sip:1_no.Body~(at-all)&+$/here?,/;;*:&pas$@harbour.test SIP/2.0",
            cseq="CSeq: 1 !odd_*+`.%indeed'~",
        ),
        status=404,
        is_sound=True,
    ),
    "intmeth to the server": Refused(
        shape=options(
            "intmeth", start="!odd_*+`.%indeed'~ sip:harbour.test SIP/2.0", cseq="CSeq: 1 !odd_*+`.%indeed'~"
        ),
        status=501,
        says=("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, REGISTER",),
    ),
    "esc01": Refused(
        shape=invite("esc01", start="INVITE sip:sips%3Amara%40elsewhere.test@harbour.test SIP/2.0"),
        status=404,
        is_sound=True,
    ),
    "esc02 to the server": Refused(
        shape=options("esc02", start="RE%47IST%45R sip:harbour.test SIP/2.0", cseq="CSeq: 29 RE%47IST%45R"),
        status=501,
    ),
    "semiuri": Refused(
        shape=options("semiuri", start="OPTIONS sip:mara;par=m%40elsewhere.test@harbour.test SIP/2.0"),
        status=404,
        is_sound=True,
    ),
    # 3.1.2: malformed
    "badinv01": Refused(
        shape=invite(
            "badinv01", via="Via: SIP/2.0/UDP 192.0.2.15;;,;,,", contact='Contact: "Joe" <sip:joe@elsewhere.test>;;;;'
        ),
        status=400,
    ),
    "scalar02": Refused(
        shape=Shape(
            f"""
REGISTER sip:harbour.test SIP/2.0
Via: SIP/2.0/TCP quay.elsewhere.test;branch=z9hG4bKscalar02.TOKEN
To: <sip:mara@harbour.test>
From: <sip:mara@harbour.test>;tag=239232jh3
CSeq: {HUGE} REGISTER
Call-ID: scalar02.TOKEN
Max-Forwards: 300
Expires: 1{"0" * 90}
Contact: <sip:mara@quay.elsewhere.test>
  ;expires=280297596632815
Content-Length: 0
"""
        ),
        status=400,
    ),
    "quotbal": Refused(shape=invite("quotbal", to='To: "Mr. M. User <sip:m.ara@harbour.test>'), status=400),
    "ltgtruri": Refused(shape=invite("ltgtruri", start="INVITE <sip:mara@harbour.test> SIP/2.0"), status=400),
    "lwsruri": Refused(
        shape=invite(
            "lwsruri", start="INVITE sip:mara@harbour.test; lr SIP/2.0", to="To: sip:mara@harbour.test;tag=3xfe-9-z9f"
        ),
        status=400,
    ),
    "lwsstart": Refused(shape=invite("lwsstart", start="INVITE  sip:mara@harbour.test  SIP/2.0"), status=400),
    "trws": Refused(shape=options("trws", start="OPTIONS sip:mara@harbour.test SIP/2.0\x20\x20"), status=400),
    "escruri": Refused(
        shape=invite("escruri", start="INVITE sip:mara@harbour.test?Route=%3Csip:elsewhere.test%3E SIP/2.0"), status=400
    ),
    "badaspec": Refused(
        shape=options(
            "badaspec",
            **{"from": 'From: "Miller, Tim" <sip:tim@elsewhere.test>;tag=43'},
            to='To: "Watson, M." < sip:mara@harbour.test >',
        ),
        status=400,
    ),
    "baddn": Refused(
        shape=options(
            "baddn",
            **{"from": "From:    Miller, Tim <sip:tim@elsewhere.test>;tag=43"},
            to="To:      Watson, Mara <sip:mara@harbour.test>",
        ),
        status=400,
    ),
    "badvers": Refused(
        shape=options(
            "badvers",
            start="OPTIONS sip:mara@harbour.test SIP/7.0",
            via="Via:     SIP/7.0/UDP quay.elsewhere.test;branch=z9hG4bKbadvers.TOKEN",
        ),
        status=505,
    ),
    "mismatch01": Refused(shape=options("mismatch01", cseq="CSeq: 8 INVITE"), status=400),
    "mismatch02": Refused(
        shape=invite("mismatch02", start="NEWMETHOD sip:mara@harbour.test SIP/2.0"),
        status=501,
    ),
    # 3.3: well-formed, and yet not to be served
    "insuf": Refused(
        shape=invite(
            "insuf", **{"from": ""}, to="", callid="", via="Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKx.TOKEN"
        ),
        status=400,
        says=("CSeq: 8 INVITE",),
    ),
    "unkscm": Refused(shape=options("unkscm", start="OPTIONS nobodyKnowsIt:anythingAtAll SIP/2.0"), status=416),
    "novelsc": Refused(shape=options("novelsc", start="OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), status=416),
    "unksm2": Refused(
        shape=options(
            "unksm2",
            start="REGISTER sip:harbour.test SIP/2.0",
            to="To: isbn:9780000000002",
            **{"from": "From: <http://www.elsewhere.test>;tag=3234233"},
            cseq="CSeq: 234902 REGISTER",
            contact="Contact: <name:Tim_Miller>",
        ),
        status=400,
    ),
    "bext01": Refused(
        shape=options(
            "bext01",
            via="Via: SIP/2.0/TLS quay.elsewhere.test;branch=z9hG4bKbext01.TOKEN",
            require="Require: nothingKnowsIt, nothingKnowsItEither",
            proxyrequire="Proxy-Require: noProxyKnowsIt, norDoesAnyProxyKnowIt",
        ),
        status=420,
        says=("Unsupported: noProxyKnowsIt, norDoesAnyProxyKnowIt",),
    ),
    "bext01 to the registrar": Refused(
        shape=options(
            "bext01",
            start="REGISTER sip:harbour.test SIP/2.0",
            cseq="CSeq: 8 REGISTER",
            require="Require: nothingKnowsIt, nothingKnowsItEither",
            proxyrequire="Proxy-Require: noProxyKnowsIt, norDoesAnyProxyKnowIt",
        ),
        status=420,
        says=("Unsupported: nothingKnowsIt, nothingKnowsItEither",),
    ),
    "multi01": Refused(
        shape=invite(
            "multi01",
            callid2="Call-ID: multi01.TOKEN@192.0.2.2",
            cseq2="CSeq: 59 INVITE",
            to2="To: sip:other@elsewhere.test",
            from2="From: sip:tim@elsewhere.test;tag=2923420123",
            maxforwards2="Max-Forwards: 5",
        ),
        status=400,
    ),
    "zeromf": Refused(shape=options("zeromf", maxforwards="Max-Forwards: 0"), status=483),
    # the registrar's
    "escnull": Refused(
        shape=options(
            "escnull",
            start="REGISTER sip:harbour.test SIP/2.0",
            to="To: sip:nul-%00-nul@harbour.test",
            **{"from": "From: sip:nul-%00-nul@harbour.test;tag=839923423"},
            cseq="CSeq: 14398234 REGISTER",
            contact="Contact: <sip:%00@quay.elsewhere.test>\nContact: <sip:%00%00@quay.elsewhere.test>",
            length="L:0",
        ),
        status=401,
    ),
    "regbadct": Refused(
        shape=options(
            "regbadct",
            start="REGISTER sip:harbour.test SIP/2.0",
            **{"from": "From: sip:mara@harbour.test;tag=998332"},
            cseq="CSeq: 1 REGISTER",
            contact="Contact: sip:mara@quay.elsewhere.test?Route=%3Csip:elsewhere.test%3E",
        ),
        status=400,
    ),
    "regaut01": Refused(
        shape=options(
            "regaut01",
            start="REGISTER sip:harbour.test SIP/2.0",
            **{"from": "From: sip:mara@harbour.test;tag=87321hj23128"},
            cseq="CSeq: 9338 REGISTER",
            authorization="Authorization: NobodyKnowsThisScheme opaque-data=here",
            length="Content-Length:0",
        ),
        status=401,
    ),
}
