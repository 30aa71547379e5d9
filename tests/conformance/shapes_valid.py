"""Valid messages (RFC 4475 section 3.1.1), however tortuous: the phone gets them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance.phone import ODD
from tests.conformance.shapes import Shape, offer

ODD_METHOD = "!odd-Method42_*+`.%indeed'~"
ODD_FROM = (
    "From: word1~` word2'+_ word3*%!.- <sip:plain@elsewhere.test>"
    ";odd''~+*_!.-%=\"\u043c\u043e\u0440\u0435\";tag=_~1'+`*%!-."
)
FOLDED_VIA = (
    "v:  SIP  / 2.0  / TCP     mole.elsewhere.test   ; branch  =   z9hG4bK7aa8  , SIP  /    2.0   / UDP  "
    "192.168.9.9   ; branch= z9hG4bK40404"
)
LONG = "long" * 24
VIA_NAMES = ("Via:", "v:", "V:", "ViA:", "VIa:", "VIA:", "via:", "viA:", "V :", "v  :", "Via\t:")
MANY_VIAS = "\n".join(f"{VIA_NAMES[n % 11]}  SIP/2.0/TCP p{n}.elsewhere.test" for n in range(33))
PARTS = b"--7f\r\nContent-Type: text/plain\n\nahoy TOKEN\n--7f\r\n\r\n\x00\x80\xff\x00\xd0\xb9\n\r\n--7f--\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A shape, and what of it arrives."""

    shape: Shape
    hops: int
    """Max-Forwards as the phone gets it."""
    keeps: tuple[str, ...] = ()
    """Whole lines that arrive."""
    lacks: tuple[str, ...] = ()
    """Text that does not."""
    vias: tuple[str, ...] = ()
    """Vias below ours and the sender's."""


VALID = {
    "wsinv": Sound(
        shape=Shape(
            r"""
INVITE sip:mara@harbour.test;fuzzy SIP/2.0
TO :
 sip:mara@harbour.test ;   tag    = t-41
from   : "Tim \\\""       <sip:tim@elsewhere.test>
  ;
  tag = f-TOKEN
MaX-fOrWaRdS: 0042
Call-ID: wsinv.TOKEN@192.0.2.7
Content-Length   : LENGTH
cseq: 0031
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.7;branch=no-cookie-TOKEN
s :
NewField:   new value
 goes on
OddField: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:relay.elsewhere.test;lr;odd=value;flag>
v:  SIP  / 2.0  / TCP     mole.elsewhere.test   ;
  branch  =   z9hG4bK7aa8  ,
 SIP  /    2.0   / UDP  192.168.9.9   ; branch=
 z9hG4bK40404
m:"Quoted \"him\"" <sip:tim@elsewhere.test> ; newparam =
      newvalue ;
  second ; q = 0.33
""",
            offer(),
        ),
        hops=41,
        keeps=(
            "OddField: ;;,,;;,;",
            "NewField:   new value goes on",
            "s:",
            "cseq: 0031 INVITE",
            "TO: sip:mara@harbour.test ;   tag    = t-41",
            r'from: "Tim \\\""       <sip:tim@elsewhere.test> ; tag = f-TOKEN',
            r'm:"Quoted \"him\"" <sip:tim@elsewhere.test> ; newparam = newvalue ; second ; q = 0.33',
            FOLDED_VIA,
        ),
        vias=("mole.elsewhere.test",),
    ),
    "intmeth": Sound(
        shape=Shape(
            f"""
{ODD_METHOD} sip:{ODD}:&it+has=1,mad!*pas$wo~d_too.(isn't-it)@harbour.test SIP/2.0
Via: SIP/2.0/TCP quay.elsewhere.test;branch=z9hG4bK-.!%66*_+`'~TOKEN
To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:{ODD}@harbour.test>
{ODD_FROM}
Call-ID: intmeth.word%ZK-!.*_+'TOKEN@word`~)(><:\\/"][?}}{{
CSeq: 2147483647 {ODD_METHOD}
Max-Forwards: 255
oddHeader-!.%*+_`'~:\ufeff\u6e2f
Content-Length: 0
"""
        ),
        hops=254,
        keeps=(
            "oddHeader-!.%*+_`'~:\ufeff\u6e2f",
            f'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:{ODD}@harbour.test>',
            ODD_FROM,
            "Call-ID: intmeth.word%ZK-!.*_+'TOKEN@word`~)(><:\\/\"][?}{",
        ),
    ),
    "esc01": Sound(
        shape=Shape(
            """
INVITE sip:%6dar%61@harbour.test SIP/2.0
To: sip:%6dar%61@harbour.test
From: <sip:I%20love%20blanks@elsewhere.test>;tag=TOKEN
Max-Forwards: 87
i: esc01.TOKEN
CSeq: 234 INVITE
Via: SIP/2.0/UDP quay.elsewhere.test;branch=z9hG4bKesc01.TOKEN
C: application/sdp
Contact:
  <sip:t%69m@quay.elsewhere.test;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: LENGTH
""",
            offer(),
        ),
        hops=86,
        keeps=(
            "To: sip:%6dar%61@harbour.test",
            "From: <sip:I%20love%20blanks@elsewhere.test>;tag=TOKEN",
            "Contact: <sip:t%69m@quay.elsewhere.test;%6C%72;n%61me=v%61lue%25%34%31>",
        ),
    ),
    "esc02": Sound(
        shape=Shape(
            """
RE%47IST%45R sip:mara@harbour.test SIP/2.0
To: "%Z%45" <sip:mara@harbour.test>
From: "%Z%45" <sip:tim@elsewhere.test>;tag=TOKEN
Call-ID: esc02.TOKEN
Via: SIP/2.0/TCP quay.elsewhere.test;branch=z9hG4bK209%fTOKEN
CSeq: 29 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:one@quay.elsewhere.test>
C%6Fntact: <sip:two@quay.elsewhere.test>
Contact: <sip:three@quay.elsewhere.test>
l: 0
"""
        ),
        hops=69,
        keeps=("C%6Fntact: <sip:two@quay.elsewhere.test>", 'From: "%Z%45" <sip:tim@elsewhere.test>;tag=TOKEN'),
    ),
    "lwsdisp": Sound(
        shape=Shape(
            """
OPTIONS sip:mara@harbour.test SIP/2.0
To: sip:mara@harbour.test
From: tim<sip:tim@elsewhere.test>;tag=TOKEN
Max-Forwards: 70
Call-ID: lwsdisp.TOKEN
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP quay.elsewhere.test;branch=z9hG4bKlwsdisp.TOKEN
l: 0
"""
        ),
        hops=69,
        keeps=("From: tim<sip:tim@elsewhere.test>;tag=TOKEN",),
    ),
    "longreq": Sound(
        shape=Shape(
            f"""
INVITE sip:mara@harbour.test SIP/2.0
To: "A name of {LONG} proportions"<sip:mara@harbour.test:6000;p1=very{LONG}value;{LONG}name=x;{LONG}flag>
F: sip:{LONG}caller@elsewhere.test;tag=TOKEN{"912" * 50};un{LONG}name={LONG}value;{LONG}flag
Call-ID: longreq.TOKEN{LONG}callid
CSeq: 3882340 INVITE
Unknown-{LONG}-Name: unknown-{LONG}-value; unknown-{LONG}-name = unknown-{LONG}-value
{MANY_VIAS}
Via: SIP/2.0/TCP quay.elsewhere.test;received=192.0.2.5;branch=very{LONG * 2}branchvalue
Max-Forwards: 70
Contact: <sip:{LONG}caller@quay.elsewhere.test>
Content-Type: application/sdp
l: LENGTH
""",
            offer(),
        ),
        hops=69,
        keeps=(
            f"F: sip:{LONG}caller@elsewhere.test;tag=TOKEN{'912' * 50};un{LONG}name={LONG}value;{LONG}flag",
            f"Unknown-{LONG}-Name: unknown-{LONG}-value; unknown-{LONG}-name = unknown-{LONG}-value",
            f"Via: SIP/2.0/TCP quay.elsewhere.test;received=192.0.2.5;branch=very{LONG * 2}branchvalue",
        ),
        vias=(*(f"p{n}.elsewhere.test" for n in range(1, 33)), "quay.elsewhere.test"),
    ),
    "transports": Sound(
        shape=Shape(
            """
OPTIONS sip:mara@harbour.test SIP/2.0
To: sip:mara@harbour.test
From: <sip:tim@elsewhere.test>;tag=323
Max-Forwards: 70
Call-ID:  transports.TOKEN
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed,
	message/sip
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.elsewhere.test;branch=z9hG4bKtransports.TOKEN
Via: SIP/2.0/SCTP t2.elsewhere.test;branch=z9hG4bK2
Via: SIP/2.0/TLS t3.elsewhere.test;branch=z9hG4bK3
Via: SIP/2.0/UNKNOWN t4.elsewhere.test;branch=z9hG4bK4
Via: SIP/2.0/TCP t5.elsewhere.test;branch=z9hG4bK5
l: 0
"""
        ),
        hops=69,
        keeps=("Accept: application/sdp, application/pkcs7-mime, multipart/mixed, message/sip",),
        vias=("t2.elsewhere.test", "t3.elsewhere.test", "t4.elsewhere.test", "t5.elsewhere.test"),
    ),
    "mpart01": Sound(
        shape=Shape(
            """
MESSAGE sip:mara@harbour.test SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-TOKEN-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: bm90IGEgc2lnbmF0dXJl
Contact: <sip:tim@192.0.2.7:5070>
To: <sip:mara@harbour.test>
From: <sip:tim@elsewhere.test>;tag=TOKEN
Call-ID: mpart01.TOKEN
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7f
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: made by hand (and read by eye)
Content-Length: LENGTH
""",
            PARTS,
        ),
        hops=69,
        keeps=(
            "Content-Type: multipart/mixed;boundary=7f",
            "Date: Sat, 15 Oct 2005 04:44:56 GMT",
            "Identity: bm90IGEgc2lnbmF0dXJl",
        ),
        lacks=("127.0.0.1:5080",),
    ),
}
