"""Claims about the nouns as a whole: they are values, and nothing else."""

import dataclasses
import importlib
import pkgutil

import pytest

import ringwake.model

MODULES = [
    importlib.import_module(f"ringwake.model.{module.name}") for module in pkgutil.iter_modules(ringwake.model.__path__)
]
VALUES = [
    value
    for module in MODULES
    for value in vars(module).values()
    if dataclasses.is_dataclass(value) and isinstance(value, type) and value.__module__ == module.__name__
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{value.__module__}.{value.__qualname__}")
def test_a_noun_never_changes(value: type) -> None:
    parameters = getattr(value, "__dataclass_params__")  # noqa: B009  typeshed does not know it
    assert parameters.frozen
    assert "__slots__" in vars(value)


def test_there_are_nouns() -> None:
    assert len(VALUES) > 30
