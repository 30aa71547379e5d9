"""Request methods (RFC 3261 and its extensions). Methods compare case-sensitively."""

from __future__ import annotations

INVITE = "INVITE"
ACK = "ACK"
BYE = "BYE"
CANCEL = "CANCEL"
REGISTER = "REGISTER"
OPTIONS = "OPTIONS"
MESSAGE = "MESSAGE"
PRACK = "PRACK"
UPDATE = "UPDATE"
INFO = "INFO"
SUBSCRIBE = "SUBSCRIBE"
NOTIFY = "NOTIFY"
REFER = "REFER"
PUBLISH = "PUBLISH"

KNOWN = frozenset(
    {INVITE, ACK, BYE, CANCEL, REGISTER, OPTIONS, MESSAGE, PRACK, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, PUBLISH}
)
"""Every method of the IANA registry that has an RFC of its own."""
