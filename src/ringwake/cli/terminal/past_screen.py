"""The list of calls and messages. Who opens it has looked at them: that is told to the server, and the badge falls."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from ringwake.cli.plain import plain
from ringwake.cli.terminal.parts import Banner, PlainText
from ringwake.cli.terminal.past import past_rows
from ringwake.softphone.account_api import AccountApi, AccountApiError


class PastScreen(Screen[None]):
    """A line for each, the newest first; `●` and bold: nobody had looked at it."""

    CSS = """
    PastScreen #heading { background: $primary; color: $text; text-style: bold; width: 100%; }
    PastScreen #past { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "app.close_page", "Back")]

    def __init__(self, api: AccountApi | None, *, instance: str, on_unread: Callable[[int], None]) -> None:
        """Make it; nothing is read yet.

        Args:
            api: by which the list is read; None: there is none.
            instance: `+sip.instance` of this phone.
            on_unread: told how many are unread once these were looked at.
        """
        super().__init__()
        self._api = api
        self._instance = instance
        self._on_unread = on_unread

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield PlainText(" Calls and messages", id="heading")
        yield Banner()
        with VerticalScroll(id="past"):
            yield Static(id="rows", markup=False)
        yield PlainText(id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to read."""
        self.query_one("#past").focus()
        self._read()

    @work(exclusive=True)
    async def _read(self) -> None:
        if self._api is None:
            self._say("The server has no phone API: there is no list.")
            return
        self._say("Reading ...")
        try:
            rows = past_rows(await self._api.history())
            lines = [Content.styled(row.text, "bold") if row.is_unread else Content(row.text) for row in rows]
            self.query_one("#rows", Static).update(Content("\n").join(lines))
            self._say("" if rows else "No calls and no messages yet.")
            # By their names: what has come since is not on the screen.
            if unread := [row.id for row in rows if row.is_unread]:
                self._on_unread(await self._api.mark_read(unread, instance=self._instance))
        except AccountApiError as error:
            self._say(f"Not read: {error}.")

    def _say(self, status: str) -> None:
        self.query_one("#status", PlainText).say(plain(status))
