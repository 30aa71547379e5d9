"""aioapns sends what it is told, all at once. Runs in the peers' environment, without ringwake.

Takes {endpoint, ca, key, key_id, team, topic, pushes: [fields of NotificationRequest]}; says [{status, reason}].
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import sys
from typing import Any
from urllib.parse import urlsplit

from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol


async def main(work: dict[str, Any]) -> list[dict[str, Any]]:
    """Do the work."""
    logging.disable(logging.CRITICAL)
    endpoint = urlsplit(work["endpoint"])
    APNsProductionClientProtocol.APNS_SERVER = endpoint.hostname
    APNsProductionClientProtocol.APNS_PORT = endpoint.port
    client = APNs(
        key=work["key"],
        key_id=work["key_id"],
        team_id=work["team"],
        topic=work["topic"],
        ssl_context=ssl.create_default_context(cafile=work["ca"]),
        max_connections=1,
    )
    requests = [NotificationRequest(**{**push, "push_type": PushType(push["push_type"])}) for push in work["pushes"]]
    answers = await asyncio.gather(*map(client.send_notification, requests))
    return [{"status": int(answer.status), "reason": answer.description} for answer in answers]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(json.loads(sys.argv[1])))))
