"""A push server of the operator's own: signed JSON over HTTPS (docs/reference/http-push.md)."""
