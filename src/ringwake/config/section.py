"""What the tables of the configuration file are made of."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# RFC 3261 section 20.19: what Expires can say.
MOST_SECONDS = 2**32 - 1
Seconds = Annotated[float, Meta(gt=0, le=MOST_SECONDS)]
Text = Annotated[str, Meta(min_length=1)]


class Section(Struct, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: what it does not know is an error."""
