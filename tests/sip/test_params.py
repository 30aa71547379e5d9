"""Claims about parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.errors import ParseError
from ringwake.sip.params import Params


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", []),
        ("  ", []),
        (";lr", [("lr", None)]),
        ("lr", [("lr", None)]),
        (";a=1;b", [("a", "1"), ("b", None)]),
        ("; a = 1 \t; b ", [("a", "1"), ("b", None)]),
        (";a=", [("a", "")]),
        (';a="x;y\\"z";b=<urn:u;v>', [("a", '"x;y\\"z"'), ("b", "<urn:u;v>")]),
        (";received=2001:db8::9:255", [("received", "2001:db8::9:255")]),
        (";a=b=c", [("a", "b=c")]),
    ],
)
def test_parameters_are_kept_as_written(text: str, items: list[tuple[str, str | None]]) -> None:
    assert list(Params.parse(text)) == items


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (";", "has no name"),
        (";a;;b", "has no name"),
        (";a;", "has no name"),
        (";=x", "has no name"),
        (";a b=1", "has no name"),
        (';"a"=1', "has no name"),
        (";tag=1;TAG=2", "stands twice"),
        (';a="x', "is not closed"),
        (';a="x\\', "is not closed"),
        (";a=<x", "is not closed"),
    ],
)
def test_broken_parameters_are_refused(text: str, rule: str) -> None:
    with pytest.raises(ParseError, match=rule):
        Params.parse(text)


def test_names_compare_without_case() -> None:
    params = Params.parse(";Tag=Xy;LR")
    assert params.get("tag") == "Xy"
    assert "lr" in params
    assert params.get("lr") is None
    assert "maddr" not in params
    assert params.get("maddr") is None


def test_a_parameter_is_replaced_in_its_place_or_added_last() -> None:
    params = Params.parse(";a=1;RPORT;b")
    assert str(params.put("rport", "7")) == ";a=1;RPORT=7;b"
    assert str(params.put("c", None)) == ";a=1;RPORT;b;c"
    assert str(params) == ";a=1;RPORT;b"


def test_parameters_can_be_left_out() -> None:
    assert str(Params.parse(";a=1;PN-PRID=x;b").without("pn-prid", "b")) == ";a=1"


def test_equal_parameters_are_one_key() -> None:
    one, same, other = Params.parse(";a=1"), Params.parse(" a = 1"), Params.parse(";A=1")
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != ";a=1"
    assert len(one) == 1


def test_a_repr_shows_no_value() -> None:
    assert repr(Params.parse(";pn-prid=secret;lr")) == "Params(pn-prid, lr)"


_NAMES = st.from_regex(r"\A[A-Za-z0-9\-.!%*_+`'~]+\Z")
_VALUES = st.none() | _NAMES | st.just("") | st.sampled_from(['"a;b"', '"\\""', "<a;b>", "[::1]:5"])


@given(st.lists(st.tuples(_NAMES, _VALUES), unique_by=lambda item: item[0].lower()))
def test_written_parameters_are_read_again(items: list[tuple[str, str | None]]) -> None:
    params = Params(tuple(items))
    assert Params.parse(str(params)) == params
