"""Transactions (RFC 3261 section 17 with RFC 6026 and RFC 4320): four tables, one runner, one layer."""
