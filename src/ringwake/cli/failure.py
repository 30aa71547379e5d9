"""How a command says that it could not do its job: one line, and an exit code."""

from __future__ import annotations

FAILED, USAGE, UNREACHABLE = 1, 2, 3


class CommandError(Exception):
    """A command failed; the text is the one line that a person gets."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code
