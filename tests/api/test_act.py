"""Claims about the URLs of notifications over HTTP: what is taken, what is refused, and that a look does no harm."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.api.bed import EPOCH, STORED, Bed, run
from tests.support.faulty_store import FaultyStore

from ringwake.api.desks import Desks
from ringwake.edge.act import Done
from ringwake.model.account import Aor
from ringwake.model.push import Kind
from ringwake.wake.actions import PATH, Act, ActionLinks, Subject
