"""Why a push got no answer, or was never sent. `senders.py` turns both into outcomes: nothing here reaches the wake."""

from __future__ import annotations


class PushError(Exception):
    """Root of this package. The reason never holds a token, a key or a URL."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnansweredError(PushError):
    """No answer came: a retry may get through."""


class UnprocessedError(UnansweredError):
    """The service said that it has not looked at the request (RFC 9113 section 8.7): sending it again does no harm."""


class UnsendableError(PushError):
    """This push must not leave: a field or address is not what it should be, or it is too long."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status
        """What the provider would have answered."""


class CredentialsError(PushError):
    """A key, certificate or setting of an application cannot be used. Raised when the application is set up."""
