"""Bytes in and out: transports, TLS, and the stack that joins them to the transaction layer with one timer."""
