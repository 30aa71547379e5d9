"""What FCM keeps for an app on a device that is away: limits of its own beside a message's time to live."""

from ringwake.emulators.device import Device
from ringwake.emulators.push import Push

MOST_PENDING = 100
"""Messages without a collapse key; one more, and all that is stored goes."""
MOST_COLLAPSE_KEYS = 4


def make_room(device: Device, push: Push, share: float) -> tuple[list[Push], str]:
    """Discard what a new message leaves no room for.

    Args:
        device: where it is stored.
        push: the new message.
        share: of the limits that applies (switch `quota`); 0: there are none.

    Returns:
        What is gone, the new message among it if it is not to be stored either; and why.
    """
    if not share:
        return [], ""
    stored = device.stored.of("fcm", push.app)
    if push.slot:
        keys = list(dict.fromkeys(each.slot for each in stored if each.slot and each.slot != push.slot))
        gone = [each for each in stored if each.slot in keys[: max(0, len(keys) - MOST_COLLAPSE_KEYS + 1)]]
        reason = "over four collapse keys"
    else:
        is_full = sum(not each.slot for each in stored) >= max(1, int(MOST_PENDING * share))
        gone = [*stored, push] if is_full else []
        if is_full:
            device.overflowed.add(push.app)
        reason = "too many pending"
    device.stored.discard(gone)
    return gone, reason
