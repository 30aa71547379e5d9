"""`Senders` for a test, and an iPhone application for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.push.certificates import Certificates
from tests.push.samples import Clock, key_pem
from tests.push.service import Service

from ringwake.push.access import ApnsAccess
from ringwake.push.senders import Senders

KEY = key_pem()
SUBJECT = "mailto:ops@example.com"


@asynccontextmanager
async def made() -> AsyncIterator[tuple[Senders, list[str]]]:
    """Make senders, and the list of the faults that they report."""
    faults: list[str] = []
    senders = Senders(wall=Clock(), report=faults.append)
    try:
        yield senders, faults
    finally:
        await senders.close()


def apns_access(service: Service, certs: Certificates) -> ApnsAccess:
    return ApnsAccess(key_id="KEY1234567", key=KEY, endpoint=service.url, ca_file=certs.ca)
