"""A tenant: one SIP domain with its accounts and applications."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ringwake.model.token_claims import TokenClaims


class Upstream(Enum):
    """How a tenant stands to its PBX."""

    NONE = "none"
    """There is none: we are the registrar."""
    PATH = "path"
    """Each phone registers at the PBX through us, and is found by the Path that we add (RFC 3327)."""
    CONTACT = "contact"
    """We register one Contact of our own for each account, with credentials that its phone computes."""
    VAULT = "vault"
    """We register one Contact of our own for each account, with credentials that we hold."""


class PbxAnswers(Enum):
    """Which challenges to a phone's calls are answered with a login that we hold (`upstream = "vault"`)."""

    NEVER = "never"
    FIRST = "first"
    """Those that are the PBX's first word. A proxy says 100 before it passes on the challenge of somebody behind it."""
    ALWAYS = "always"
    """Also after a 100: of a B2BUA, which passes no challenges on."""


class WhileWaking(Enum):
    """What a caller hears while a phone wakes: the status of a provisional response."""

    TRYING = 100
    RINGING = 180
    QUEUED = 182
    PROGRESS = 183


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One SIP domain that this server answers for."""

    domain: str
    """Host part of its addresses of record, in lower case; also the realm of its digest challenges."""
    upstream: Upstream = Upstream.NONE
    pbx: str = ""
    """The PBX as a SIP URI; empty without one."""
    pbx_expires: int = 3600
    """Seconds for which we ask to stay registered at the PBX."""
    pbx_answers: PbxAnswers = PbxAnswers.FIRST
    """Which of the PBX's challenges to a phone's calls we answer with the credentials that we hold."""
    while_waking: WhileWaking = WhileWaking.TRYING
    no_wake: str = ""
    """SIP URI that a call goes on to when no phone came; empty: it gets 480."""
    redirects: bool = False
    """Whether the caller is told to go there by itself (302)."""
    relays_media: bool = False
    """Whether its calls' RTP goes through the media relay."""
    token_claims: TokenClaims = TokenClaims.ALLOW
