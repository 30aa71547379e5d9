"""A SIP user agent without I/O (RFC 3261 sections 8, 10, 13 to 15): registration, calls, digest retry."""
