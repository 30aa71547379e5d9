"""The form that a token endpoint is asked with (RFC 6749 4)."""

from urllib.parse import parse_qs

from ringwake.emulators.exchange import Request
from ringwake.emulators.refusal import RefusedError


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form, each of which stands there once; raises RefusedError."""
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded" or request.too_long:
        raise RefusedError("invalid_request", "not a form")
    try:
        fields = parse_qs(request.body.decode("ascii"), strict_parsing=True, max_num_fields=10)
    except ValueError:
        raise RefusedError("invalid_request", "not a form") from None
    if any(len(values) > 1 for values in fields.values()):
        raise RefusedError("invalid_request", "a field stands twice")
    return {name: values[0] for name, values in fields.items()}
