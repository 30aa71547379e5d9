"""The settings screen's rows, and what a press on one changes."""

from __future__ import annotations

from typing import Any

import pytest

from ringwake.cli.terminal.choices import CHOICES, next_patch, rows

PHONE = "urn:uuid:1"
DOCUMENT: dict[str, Any] = {
    "notifications": {"allow": True, "style": "banner", "sound": False, "badge": True, "preview": True},
    "calls": {"do_not_disturb": False},
    "devices": {
        PHONE: {"notifications": {"sound": True, "style": None}},
        "urn:uuid:2": {"notifications": {"badge": False}},
    },
}


def test_each_setting_has_a_row_with_its_value() -> None:
    assert [row.text for row in rows(DOCUMENT, PHONE)] == [
        "Allow notifications on",
        "Alert style         Banner",
        "Sound               on (this phone)",
        "Badge               on",
        "Show previews       on",
        "Do not disturb      off",
    ]


@pytest.mark.parametrize(
    ("label", "patch"),
    [
        ("Allow notifications", {"notifications": {"allow": False}}),
        ("Alert style", {"notifications": {"style": "alert"}}),
        ("Sound", {"devices": {PHONE: {"notifications": {"sound": False}}}}),
        ("Do not disturb", {"calls": {"do_not_disturb": True}}),
    ],
)
def test_a_press_chooses_the_next_value_where_it_is_chosen_now(label: str, patch: dict[str, Any]) -> None:
    row = next(row for row in rows(DOCUMENT, PHONE) if row.choice.label == label)
    assert next_patch(row, PHONE) == patch


def test_styles_go_round() -> None:
    found = []
    style = "none"
    for _ in range(3):
        row = rows({"notifications": {"style": style}}, PHONE)[1]
        style = next_patch(row, PHONE)["notifications"]["style"]
        found.append(style)
    assert found == ["banner", "alert", "none"]


@pytest.mark.parametrize("document", [{}, {"notifications": 1, "calls": [], "devices": ""}, {"devices": {PHONE: 1}}])
def test_what_a_strange_server_leaves_out_is_shown_as_such_and_can_be_chosen(document: dict[str, Any]) -> None:
    found = rows(document, PHONE)
    assert [row.text.split()[-1] for row in found] == ["?"] * len(CHOICES)
    assert next_patch(found[2], PHONE) == {"notifications": {"sound": True}}


def test_a_strange_value_is_plain_text() -> None:
    assert rows({"notifications": {"style": "\x1b[2J"}}, PHONE)[1].text == "Alert style         \\x1b[2J"
