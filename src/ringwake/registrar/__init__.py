"""UAS of REGISTER (RFC 3261 section 10, RFC 5626 section 6, RFC 8599 section 5)."""
