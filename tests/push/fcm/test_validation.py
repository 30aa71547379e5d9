"""What FCM is asked to look at and to send to nobody."""

import json

from ringwake.push.fcm.validation import validation


def test_it_is_only_looked_at() -> None:
    message = {"token": "nobody's", "data": {"ringwake": "check"}}
    assert json.loads(validation("nobody's")) == {"message": message, "validate_only": True}
