"""Where ringwake and Kamailio differ, and why. The table of docs/explain/kamailio-differences.md is made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.interop.station import Facts


@dataclass(frozen=True, slots=True)
class Difference:
    """One probe with two outcomes. Only the facts that differ stand here; None: that fact is not there."""

    probe: str
    ours: Facts
    theirs: Facts
    reason: str


def between(ours: Facts, theirs: Facts) -> tuple[Facts, Facts]:
    """Return the facts that differ, on each side."""
    keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    return {key: ours.get(key) for key in keys}, {key: theirs.get(key) for key in keys}


def as_table(differences: Iterable[Difference]) -> str:
    """Write the differences as a Markdown table."""
    rows = [f"| {one.probe} | {_told(one.ours)} | {_told(one.theirs)} | {one.reason} |" for one in differences]
    return "\n".join(["| probe | ringwake | Kamailio | why |", "|---|---|---|---|", *rows]) + "\n"


def _told(facts: Facts) -> str:
    return "; ".join(_fact(name, value) for name, value in facts.items())


def _fact(name: str, value: object) -> str:
    if name == "status":
        return "silence" if value is None else str(value)
    if isinstance(value, bool):
        return name if value else f"not {name}"
    return f"no {name}" if value in (None, "") else f"{name}: {value}"


DIFFERENCES = (
    Difference(
        "REGISTER: a malformed expiry",
        {"status": 200, "bindings": "phone for 3600"},
        {"status": 400, "bindings": None},
        "A malformed expiry counts as 3600 (RFC 3261 10.2.1.1).",
    ),
    Difference(
        "REGISTER: too short an expiry",
        {"status": 423, "min-expires": "60", "bindings": None},
        {"status": 200, "min-expires": None, "bindings": "phone for 60"},
        "Both may be done; a registrar may shorten an expiry but not raise it (10.3 step 7), so ours says 423.",
    ),
    Difference(
        "REGISTER: q beyond 1",
        {"status": 200, "bindings": "phone for 600 q=5"},
        {"status": 400, "bindings": None},
        "ringwake calls all phones at once and reads no q; what it does not read need not be well formed.",
    ),
    Difference(
        "REGISTER: the same Contact written otherwise",
        {"bindings": "phone for 1200"},
        {"bindings": "phone for 1200, phone for 600"},
        "%70 and p are the same in a URI (19.1.4), so this is one binding.",
    ),
    Difference(
        "REGISTER: a Contact that is a telephone number",
        {"status": 400},
        {"status": 200},
        "ringwake delivers down the flow of the REGISTER only, and sends no call anywhere else.",
    ),
    Difference(
        "REGISTER: Require",
        {"status": 420, "unsupported": "teleport"},
        {"status": 200, "unsupported": None},
        "A registrar must refuse what it does not know (10.3 step 2); Kamailio leaves that to its script.",
    ),
    Difference(
        "REGISTER: Proxy-Require",
        {"status": 200, "unsupported": None},
        {"status": 420, "unsupported": "teleport"},
        "It speaks to proxies (20.29), and for its own domain ringwake is the registrar.",
    ),
    Difference(
        "REGISTER: CSeq is lower than before",
        {"status": 500},
        {"status": 400},
        "The request fails in both; 500 is what a lower CSeq gets inside a dialog (12.2.2).",
    ),
    Difference(
        "REGISTER: no credentials",
        {"algorithms": "SHA-256, MD5"},
        {"algorithms": "MD5 by default"},
        "RFC 8760: the best algorithm first, MD5 for those that know nothing else.",
    ),
    Difference(
        "REGISTER: of another account",
        {"status": 403},
        {"status": 401},
        "The credentials are good, and not allowed for this account (10.3 step 4): another challenge helps nobody.",
    ),
    Difference(
        "REGISTER: To is in a domain that is not served",
        {"status": 404},
        {"status": 200},
        "10.3 step 5. Kamailio keeps bindings by user alone, unless it is told otherwise.",
    ),
    Difference(
        "OPTIONS to the server: Max-Forwards is 0",
        {"status": 200},
        {"status": 483},
        "Both are allowed (16.3 step 3); an answer makes a traceroute possible (11).",
    ),
    Difference(
        "Max-Forwards is missing",
        {"vias": 1},
        {"vias": 2},
        "A MESSAGE is kept and delivered by a request of ringwake's own.",
    ),
    Difference("an unknown scheme", {"status": 416}, {"status": 400}, "16.3 step 2."),
    Difference(
        "a telephone number",
        {"status": 416},
        {"status": 403},
        "ringwake knows SIP URIs only (16.3 step 2); Kamailio reads tel: and finds that it may not relay it.",
    ),
    Difference(
        "an account without a phone",
        {"status": 480},
        {"status": 404},
        "ringwake knows its accounts: this one exists (21.4.18). Kamailio sees bindings only.",
    ),
    Difference(
        "CANCEL of nothing",
        {"status": 481},
        {"status": None},
        "16.10 would pass it on; it is for our own domain, where there is nothing that it could end (9.2).",
    ),
    Difference(
        "BYE in a dialog of nobody",
        {"status": 481},
        {"status": 404},
        "What a dialog that does not exist gets (12.2.2), and what ends it at the other side.",
    ),
    Difference(
        "BYE outside of a dialog",
        {"status": 481, "arrived": False},
        {"status": None, "arrived": True},
        "It means nothing there (15.1.2), and would be noise at every phone of the account.",
    ),
    Difference(
        "an unknown method to an account",
        {"record-route": True},
        {"record-route": False},
        "It may begin a dialog for all we know, and without Record-Route a sleeping phone could not be found again.",
    ),
    Difference(
        "an unknown method to the server",
        {"status": 501, "allow": "ACK, BYE, CANCEL, INVITE, MESSAGE, OPTIONS, REGISTER"},
        {"status": 484, "allow": None},
        "21.5.2. Kamailio's scripts call an address without a user incomplete.",
    ),
    Difference(
        "INVITE to the server",
        {"status": 405, "allow": "OPTIONS, REGISTER"},
        {"status": 484, "allow": None},
        "8.2.1: not this method, but those. Kamailio's scripts call an address without a user incomplete.",
    ),
    Difference(
        "OPTIONS to the server",
        {"allow": "ACK, BYE, CANCEL, INVITE, MESSAGE, OPTIONS, REGISTER", "accept": "application/sdp, text/plain"},
        {"allow": None, "accept": None},
        "11.2 asks for both.",
    ),
    Difference(
        "OPTIONS to the server: Require",
        {"status": 420, "unsupported": "teleport"},
        {"status": 200, "unsupported": None},
        "8.2.2.3.",
    ),
    Difference(
        "OPTIONS to an account",
        {"record-route": True},
        {"record-route": False},
        "ringwake always adds Record-Route; where no dialog begins it means nothing (16.6 step 4).",
    ),
    Difference(
        "a Contact that leads back to the server",
        {"status": 486, "arrived": True},
        {"status": 483, "arrived": False},
        "ringwake delivers down the flow of the REGISTER, whatever the Contact says; Kamailio goes in a circle.",
    ),
    Difference(
        "MESSAGE: what the phone sees",
        {"status": 202, "vias": 1},
        {"status": 200, "vias": 2},
        "It is kept first and acknowledged with 202 (RFC 3428 7), then delivered by a request of ringwake's own.",
    ),
    Difference(
        "a preloaded Route to a name at the server",
        {"status": 403, "arrived": False},
        {"status": None, "arrived": True},
        "The names in ringwake's Routes are sealed tokens, and this is none (RFC 5626 5.3.1).",
    ),
    Difference(
        "INVITE: the first answer",
        {"timestamp": "54"},
        {"timestamp": ""},
        "A 100 repeats the Timestamp (8.2.6.1).",
    ),
    Difference(
        "an INVITE that the phone sends back",
        {"arrived again": False, "status": 482},
        {"arrived again": True, "status": None},
        "A proxy that forks must see a loop (RFC 5393 4.2); Kamailio's scripts count hops only.",
    ),
    Difference(
        "two phones: 404 and 486",
        {"status": 486},
        {"status": 404},
        "Any of the lowest class will do (16.7 step 6): ringwake takes that of the phone that registered last.",
    ),
    Difference(
        "BYE in a dialog without its Routes",
        {"status": 481},
        {"status": 404},
        "Without them the dialog is not known (12.2.2).",
    ),
    Difference("no Call-ID", {"status": 400}, {"status": None}, "8.1.1: it must be there. Kamailio says nothing."),
    Difference("no From", {"status": 400}, {"status": None}, "8.1.1: it must be there. Kamailio says nothing."),
    Difference("no To", {"status": 400}, {"status": None}, "8.1.1: it must be there. Kamailio says nothing."),
    Difference("no CSeq", {"status": 400}, {"status": None}, "8.1.1: it must be there. Kamailio says nothing."),
    Difference("CSeq beyond its range", {"status": 400}, {"status": 200}, "It is below 2**31 (8.1.1.5)."),
    Difference("another version of SIP", {"status": 505}, {"status": None}, "21.5.6. Kamailio says nothing."),
    Difference(
        "a negative Content-Length", {"status": 400}, {"status": None}, "It breaks the grammar. Kamailio says nothing."
    ),
    Difference(
        "octets after the body",
        {"status": 200},
        {"status": 400},
        "In a datagram what follows the body is dropped (18.3).",
    ),
    Difference(
        "a space before the first line",
        {"status": None},
        {"status": 200},
        "Only empty lines may stand there (7.5): what does not begin as a request gets no answer.",
    ),
    Difference(
        "Via with a received of its own",
        {"received": "HOST"},
        {"received": "192.0.2.66, HOST"},
        "The sender's word counts for nothing (18.2.1), and a parameter stands once (7.3.1).",
    ),
)
