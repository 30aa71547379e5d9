"""pywebpush sends what it is told. Runs in the peers' environment, without ringwake; its trust by REQUESTS_CA_BUNDLE.

Takes {pushes: [arguments of webpush()]}; says [{status, body}].
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pywebpush import WebPushException, webpush


def send(push: dict[str, Any]) -> dict[str, Any]:
    """Send one."""
    try:
        answer = webpush(**push)
    except WebPushException as error:
        answer = error.response
    return {"status": answer.status_code, "body": answer.text}


if __name__ == "__main__":
    sys.stdout.write(json.dumps([send(push) for push in json.loads(sys.argv[1])["pushes"]]))
