"""Commits the first batch that it is given, and dies before it can say so."""

from __future__ import annotations

import os
import runpy
import socket
import sys

if __name__ == "__main__":
    writer = runpy.run_path(sys.argv[1])
    with socket.socket(fileno=0) as requests:
        (length,) = writer["LENGTH"].unpack(requests.recv(4))
        made = writer["Writer"](sys.argv[2], 0)
        answer, reason = made.commit(requests.recv(length, socket.MSG_WAITALL))
        assert answer == 0, reason
        made.close()
        os._exit(0)
