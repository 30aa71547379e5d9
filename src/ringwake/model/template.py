"""Texts that an operator wrote, with places for what is known at the call: `{name} is calling`.

A place is a word in braces and nothing else: no attribute, index, conversion or format. What is put in is text, and is
not read again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<place>[a-z_]+)\}|[{}]")


class TemplateError(ValueError):
    """This is no template. Its text says why, and what to write."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places."""

    literals: tuple[str, ...] = ("",)
    """What stands before each place, and after the last."""
    places: tuple[str, ...] = ()
    """Names of the places, one fewer than the literals."""

    @classmethod
    def read(cls, text: str, allowed: Collection[str]) -> Template:
        """Read one as it was written.

        Args:
            text: `{{` and `}}` stand for braces.
            allowed: names that places may have.

        Raises:
            TemplateError: a brace stands alone, or a place has another name.
        """
        literals, places, end = [""], [], 0
        for token in _TOKEN.finditer(text):
            literals[-1] += text[end : token.start()]
            end = token.end()
            if token[0] in ("{{", "}}"):
                literals[-1] += token[0][0]
            elif token["place"] in allowed:
                places.append(token["place"])
                literals.append("")
            else:
                raise TemplateError(_cause(text, token, allowed))
        literals[-1] += text[end:]
        return cls(tuple(literals), tuple(places))

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with its places filled.

        Args:
            values: by name; whatever is missing is empty.
        """
        parts = [self.literals[0]]
        for place, literal in zip(self.places, self.literals[1:], strict=True):
            parts += values.get(place, ""), literal
        return "".join(parts)


def _cause(text: str, token: re.Match[str], allowed: Collection[str]) -> str:
    names = ", ".join(f"{{{name}}}" for name in allowed)
    if token["place"]:
        return f"{token[0]} is not known here: write one of {names}"
    return f"a brace alone, at character {token.start() + 1} of {len(text)}: write {{{{ or }}}}, or one of {names}"
