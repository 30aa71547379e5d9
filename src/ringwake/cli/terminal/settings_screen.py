"""The settings screen: what stands on the server, and a key or a click that changes it there."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from ringwake.cli.plain import plain
from ringwake.cli.terminal.choices import Row, next_patch, rows
from ringwake.cli.terminal.parts import Banner, PlainText
from ringwake.cli.terminal.wishes import Wishes, wishes_of
from ringwake.softphone.account_api import AccountApi, AccountApiError, KeptSettings, OutdatedError

OUTDATED = "Somebody else has changed the settings. This is how they are now."


class SettingsScreen(Screen[None]):
    """Rows, each with the value that it has; one that is chosen takes its next value."""

    CSS = """
    SettingsScreen #heading { background: $primary; color: $text; text-style: bold; width: 100%; }
    SettingsScreen OptionList { height: auto; max-height: 1fr; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "app.close_page", "Back")]

    def __init__(self, api: AccountApi | None, *, instance: str, on_wishes: Callable[[Wishes], None]) -> None:
        """Make it; nothing is read yet.

        Args:
            api: by which settings are read and changed; None: there is none.
            instance: `+sip.instance` of this phone.
            on_wishes: told what they mean for this phone, each time that they are read.
        """
        super().__init__()
        self._api = api
        self._instance = instance
        self._on_wishes = on_wishes
        self._rows: list[Row] = []
        self._tag = ""

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield PlainText("Settings", id="heading")
        yield Banner()
        yield OptionList(markup=False)
        yield PlainText(id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to read."""
        self._read()

    @work(exclusive=True)
    async def _read(self) -> None:
        if self._api is None:
            self._say("The server has no phone API: settings cannot be read.")
            return
        self._say("Reading ...")
        try:
            self._take(await self._api.settings())
        except AccountApiError as error:
            self._say(f"Not read: {error}.")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._change(self._rows[event.option_index])

    @work(exclusive=True)
    async def _change(self, row: Row) -> None:
        assert self._api is not None  # without it there are no rows
        self._say("Changing ...")
        try:
            self._take(await self._api.change_settings(next_patch(row, self._instance), tag=self._tag))
        except OutdatedError:
            await self._read_again(self._api)
        except AccountApiError as error:
            self._say(f"Not changed: {error}.")

    async def _read_again(self, api: AccountApi) -> None:
        try:
            self._take(await api.settings(), OUTDATED)
        except AccountApiError as error:
            self._say(f"Not read: {error}.")

    def _take(self, kept: KeptSettings, status: str = "Enter or a click changes a line.") -> None:
        self._tag, self._rows = kept.tag, rows(kept.document, self._instance)
        self._on_wishes(wishes_of(kept.document, self._instance))
        listed = self.query_one(OptionList)
        at = listed.highlighted or 0
        listed.set_options([Option(Content(row.text)) for row in self._rows])
        listed.highlighted = at
        listed.focus()
        self._say(status)

    def _say(self, status: str) -> None:
        self.query_one("#status", PlainText).say(plain(status))
