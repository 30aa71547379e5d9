"""A SIP proxy (RFC 3261 section 16) without I/O: validation, routing, forking."""
