"""Beside a PBX in a private network: dials out to the edge and carries SIP both ways (ADR 0021)."""
