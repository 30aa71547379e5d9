"""Parts of the screens: plain text in a line, and the banner."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from ringwake.cli.terminal.screen_state import Announcement

KEYS = "a accept  r reject"


class PlainText(Static):
    """Text in which nothing is markup."""

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002  Textual's name for it
        super().__init__(Content(text), id=id, markup=False)

    def say(self, text: str) -> None:
        """Show another text."""
        self.update(Content(text))


class Banner(PlainText):
    """A line that comes and goes by itself."""

    def show(self, announcement: Announcement | None) -> None:
        """Draw what is announced, if that is by a banner."""
        is_there = announcement is not None and announcement.style == "banner"
        self.display = is_there
        if announcement is not None and is_there:
            parts = (announcement.title, announcement.text, KEYS if announcement.call_id else "")
            self.say("\n".join(part for part in parts if part))
