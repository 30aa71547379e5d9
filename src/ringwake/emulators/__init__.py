"""Apple's, Google's and a browser vendor's push service on loopback, with real checks, and the inbox phones hang on.

A second, independent reading of the services' rules: nothing of ringwake but `secret` is known here, and none of the
libraries that `ringwake.push` uses. Begin at `lab.py`.
"""
