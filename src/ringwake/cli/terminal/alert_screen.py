"""The alert: it stays until somebody acts on it, or the call is over."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from ringwake.cli.terminal.parts import PlainText
from ringwake.cli.terminal.screen_state import Announcement


class AlertScreen(ModalScreen[None]):
    """A call with Accept and Reject, or something else with OK. What is pressed goes to the app's own actions."""

    CSS = """
    AlertScreen { align: center middle; }
    AlertScreen #box {
        width: 90%; max-width: 60; height: auto; border: round $primary; padding: 0 1; background: $surface;
    }
    AlertScreen PlainText { width: 100%; text-align: center; }
    AlertScreen #title { max-height: 1; }
    AlertScreen #text { text-style: bold; margin: 1 0; max-height: 3; }
    AlertScreen Horizontal { height: auto; align-horizontal: center; }
    AlertScreen Button { width: 1fr; min-width: 8; max-width: 24; margin: 0 1; }
    AlertScreen Button:focus { text-style: bold underline; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        ("a", "app.accept", "Accept"),
        ("r", "app.reject", "Reject"),
        ("left", "app.focus_previous", "Other button"),
        ("right", "app.focus_next", "Other button"),
        ("escape", "app.close", "Close"),
        ("q", "app.quit", "Quit"),
        ("ctrl+c", "app.quit", "Quit"),
    ]

    def __init__(self, announcement: Announcement) -> None:
        """Make the alert for an announcement."""
        super().__init__()
        self.announcement = announcement

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(id="box"):
            if self.announcement.title:
                yield PlainText(self.announcement.title, id="title")
            yield PlainText(self.announcement.text, id="text")
            with Horizontal():
                if self.announcement.call_id:
                    yield Button("Accept (a)", variant="success", id="accept")
                    yield Button("Reject (r)", variant="error", id="reject")
                else:
                    yield Button("OK", variant="primary", id="close")

    def on_mount(self) -> None:
        """Let Enter put an alert away. It must not accept a call: it may have been meant for something else."""
        if not self.announcement.call_id:
            self.query_one("#close", Button).focus()

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        await self.app.run_action(event.button.id or "close")
