"""The full-screen phone: draws what `ScreenState` says, rings the bell, and passes keys on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Footer

from ringwake.cli.terminal.alert_screen import AlertScreen
from ringwake.cli.terminal.parts import Banner, PlainText
from ringwake.cli.terminal.past_screen import PastScreen
from ringwake.cli.terminal.screen_state import Announcement, ScreenState
from ringwake.cli.terminal.settings_screen import SettingsScreen
from ringwake.cli.terminal.wishes import Wishes
from ringwake.softphone.account_api import AccountApi
from ringwake.softphone.app_state import PhoneNote


class Noted(Message):
    """The phone tells something; by a message, because it may tell it from outside of the program's own loop."""

    def __init__(self, note: PhoneNote) -> None:
        super().__init__()
        self.note = note


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """What the program is in front of."""

    state: ScreenState
    instance: str
    """Its `+sip.instance`."""
    press: Callable[[str], None]
    """Takes `a`, `r`, `h` and `t`."""
    begin: Callable[[], None] = lambda: None
    """Called when the screen is there."""
    api: AccountApi | None = None
    banner_seconds: float = 6.0
    """How long a banner stays."""
    ring_seconds: float = 3.0
    """From one bell to the next while the phone rings."""


class PhoneApp(App[None]):
    """The program."""

    CSS = """
    #header { dock: top; width: 100%; height: 1; background: $primary; color: $text; text-style: bold; }
    Banner { width: 100%; height: auto; background: $warning; color: $text; text-style: bold; padding: 0 1; }
    #log { height: 1fr; padding: 0 1; }
    """
    ENABLE_COMMAND_PALETTE = False
    TITLE = "ringwake phone"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("a", "accept", "Accept"),
        ("r", "reject", "Reject"),
        ("h", "hang_up", "Hang up"),
        ("q", "quit", "Quit"),
        ("s", "settings", "Settings"),
        ("c", "past", "Calls"),
        ("t", "terminate", "End app"),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]

    def __init__(self, phone: Phone) -> None:
        """Make the program for a phone."""
        super().__init__()
        self.phone = phone
        self._drawn: Announcement | None = None
        self._lines = 0
        self._chimes = 0
        self._bell: Timer | None = None
        self._banner_end: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay the main screen out."""
        yield PlainText(id="header")
        yield Banner()
        with VerticalScroll(id="log"):
            yield PlainText(id="lines")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Draw, and begin."""
        self.animation_level = "none"  # each step of a movement would have to go through SSH
        self.redraw()
        self.phone.begin()

    def on_noted(self, event: Noted) -> None:
        """Take what the phone tells."""
        self.phone.state.note(event.note)
        self.redraw()

    def take_wishes(self, wishes: Wishes) -> None:
        """Announce by these from now on."""
        self.phone.state.wishes = wishes

    def take_unread(self, unread: int) -> None:
        """Count so many from now on."""
        state = self.phone.state
        state.badge = unread if state.wishes.badge else 0
        self.redraw()

    # ---- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell which keys there are at this time."""
        del parameters
        state = self.phone.state
        possible = {
            "accept": state.is_called,
            "reject": state.is_called,
            "hang_up": state.talks,
            "settings": not self._has_page,
            "past": not self._has_page,
        }
        return possible.get(action, True)

    def action_accept(self) -> None:
        """Accept the call."""
        self._act("a")

    def action_reject(self) -> None:
        """Reject it, on all phones."""
        self._act("r")

    def action_hang_up(self) -> None:
        """End the call that is up."""
        self.phone.press("h")

    def action_terminate(self) -> None:
        """Terminate the app."""
        self.phone.press("t")

    def action_close(self) -> None:
        """Take away an alert that is about no call: a call must be accepted or rejected."""
        if not self.phone.state.is_called:
            self.phone.state.act()
            self.redraw()

    def action_settings(self) -> None:
        """Open the settings."""
        phone = self.phone
        self.push_screen(SettingsScreen(phone.api, instance=phone.instance, on_wishes=self.take_wishes))
        self.call_after_refresh(self._draw_banners)

    def action_past(self) -> None:
        """Open the list of calls and messages."""
        phone = self.phone
        self.push_screen(PastScreen(phone.api, instance=phone.instance, on_unread=self.take_unread))
        self.call_after_refresh(self._draw_banners)

    def action_close_page(self) -> None:
        """Go back from the settings, or from the list."""
        if self._has_page:
            self.pop_screen()

    @property
    def _has_page(self) -> bool:
        return isinstance(self.screen, (SettingsScreen, PastScreen))

    def _act(self, key: str) -> None:
        self.phone.press(key)
        self.phone.state.act()
        self.redraw()

    # ---- drawing

    def redraw(self) -> None:
        """Draw all that has changed, and sound."""
        state = self.phone.state
        main = self.screen_stack[0]
        badge = f"  ({state.badge})" if state.badge else ""
        main.query_one("#header", PlainText).say(f" {state.account}  {state.state}{badge}")
        if self._lines != state.lines:
            self._lines = state.lines
            main.query_one("#lines", PlainText).say("\n".join(state.log))
            main.query_one("#log", VerticalScroll).scroll_end(animate=False)
        if self._drawn != state.shown:
            self._drawn = state.shown
            self._draw_alert()
            self._time_banner()
        self._draw_banners()
        self._sound()
        self.refresh_bindings()

    def _draw_alert(self) -> None:
        shown = self._drawn
        if isinstance(self.screen, AlertScreen):
            self.pop_screen()
        if shown is not None and shown.style == "alert":
            self.push_screen(AlertScreen(shown))

    def _draw_banners(self) -> None:
        for screen in self.screen_stack:
            for banner in screen.query(Banner):
                banner.show(self._drawn)

    def _time_banner(self) -> None:
        if self._banner_end is not None:
            self._banner_end.stop()
            self._banner_end = None
        shown = self._drawn
        if shown is not None and shown.style == "banner":
            self._banner_end = self.set_timer(self.phone.banner_seconds, lambda: self.pass_banner(shown))

    def pass_banner(self, banner: Announcement) -> None:
        """Take a banner away, because its time is over."""
        self.phone.state.passed(banner)
        self.redraw()

    def _sound(self) -> None:
        state = self.phone.state
        has_chimed, self._chimes = state.chimes > self._chimes, state.chimes
        if has_chimed:
            self.bell()
        if state.rings and self._bell is None:
            self.bell()
            self._bell = self.set_interval(self.phone.ring_seconds, self.bell)
        elif not state.rings and self._bell is not None:
            self._bell.stop()
            self._bell = None
