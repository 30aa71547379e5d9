"""SIP without I/O: bytes to messages to transactions and back (RFC 3261, 3581, 4320, 6026, 8599).

Nothing here knows a socket, a clock or chance: data and `now` come in, outputs come out. Text is the wire's octets
decoded as UTF-8 with `surrogateescape`, which loses nothing: encoding it back gives the same octets.
"""
