"""A service's No, raised by a check and caught at the service's one door, where it becomes an answer."""


class RefusedError(Exception):
    """The request is refused; `reason` is the service's own word, `detail` goes to the journal and never quotes."""

    def __init__(self, reason: str, detail: str = "", *, at: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.at = at
        """Wall clock: since when the token is dead, where that is the reason."""
