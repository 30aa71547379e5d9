"""Claims about the method names."""

from ringwake.sip import methods


def test_every_named_method_is_known_and_spelled_as_it_is_named() -> None:
    named = {name: value for name, value in vars(methods).items() if isinstance(value, str) and name.isupper()}
    assert all(name == value for name, value in named.items())
    assert set(named.values()) == methods.KNOWN


def test_methods_compare_with_case() -> None:
    assert "invite" not in methods.KNOWN
