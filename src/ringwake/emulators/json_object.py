"""JSON from strangers: an object, or nothing. Whatever else it is, it raises nothing."""

import msgspec


def read_object(data: bytes | str) -> dict[str, object] | None:
    """Return the one JSON object that this is; None if it is anything else."""
    try:
        return msgspec.json.decode(data, type=dict[str, object])
    except (msgspec.MsgspecError, ValueError, RecursionError):  # ValueError: octets or surrogates that are no UTF-8
        return None
