"""firebase-admin sends what it is told. Runs in the peers' environment, without ringwake.

Its trust by REQUESTS_CA_BUNDLE and SSL_CERT_FILE. Takes {endpoint, service_account, is_asynchronous, dry_run, pushes:
[{token, data, priority, ttl, collapse_key}]}; says [{id}] or [{error, code}], in its own words.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import firebase_admin
from firebase_admin import credentials, messaging

# Its place to override: there is no setting for it.
SERVICE = messaging._MessagingService


def message(push: dict[str, Any]) -> messaging.Message:
    """Make what its users make."""
    android = messaging.AndroidConfig(
        priority=push.get("priority"), ttl=push.get("ttl"), collapse_key=push.get("collapse_key")
    )
    return messaging.Message(token=push["token"], data=push.get("data"), android=android)


def main(work: dict[str, Any]) -> list[dict[str, Any]]:
    """Do the work."""
    SERVICE.FCM_URL = f"{work['endpoint']}/v1/projects/{{0}}/messages:send"
    firebase_admin.initialize_app(credentials.Certificate(work["service_account"]))
    messages, dry_run = [message(push) for push in work["pushes"]], work.get("dry_run", False)
    if work.get("is_asynchronous"):
        batch = asyncio.run(messaging.send_each_async(messages, dry_run=dry_run))
    else:
        batch = messaging.send_each(messages, dry_run=dry_run)
    return [
        {"id": answer.message_id}
        if answer.success
        else {"error": type(answer.exception).__name__, "code": answer.exception.code}
        for answer in batch.responses
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))))
