"""The schema: every table is strict, and its defaults pass its own rules."""

from __future__ import annotations

import inspect

import msgspec
import pytest

from ringwake.config import schema
from ringwake.config.load import parse
from ringwake.config.schema import AccountSection, Config
from ringwake.config.section import Section

SECTIONS = [kind for _, kind in inspect.getmembers(schema, inspect.isclass) if issubclass(kind, Section)]


@pytest.mark.parametrize("section", SECTIONS)
def test_no_table_takes_what_it_does_not_know(section: type[Section]) -> None:
    assert section.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize("section", SECTIONS)
def test_no_key_takes_a_value_of_another_type(section: type[Section]) -> None:
    for field in msgspec.structs.fields(section):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({field.name: object()}, section)


def test_the_defaults_keep_the_rules() -> None:
    assert parse("") == Config()


def test_two_configurations_share_no_table() -> None:
    Config().listen.append(schema.ListenSection(transport="udp", address="127.0.0.1:0"))
    assert Config().listen == []


def test_an_account_shows_its_user_and_not_its_password() -> None:
    assert repr(AccountSection(user="alice", password="canary")) == "AccountSection(user='alice', password=...)"
