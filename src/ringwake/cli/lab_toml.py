"""The configuration that makes a server use the emulators: what `ringwake emulate` writes as `lab.toml`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ringwake.config.embedded import DOMAIN
from ringwake.emulators.credentials import HMS_APP, HMS_PROJECT, HOOK_APP
from ringwake.emulators.lab import Lab

BUNDLE = "com.example.ringwake"


def lab_app(lab: Lab, provider: str) -> str:
    """Return the application's name that a phone of the laboratory has at a push service; empty where it has none."""
    return {"apns": BUNDLE, "fcm": lab.credentials.ids.project, "hms": HMS_APP, "http": HOOK_APP}.get(provider, "")


def lab_toml(lab: Lab, accounts: Mapping[str, str], *, more: str = "") -> str:
    """Write the configuration.

    Args:
        lab: running emulators.
        accounts: password by user.
        more: further tables, already TOML.
    """
    files, ids, ca_file = lab.credentials, lab.credentials.ids, str(lab.ca_file)
    tables = [
        "# Written by `ringwake emulate`; good while its emulators run.",
        "[server]\nlab = true",
        more,
        f"[[tenant]]\ndomain = {_text(DOMAIN)}",
        *(f"[[tenant.account]]\nuser = {_text(user)}\npassword = {_text(word)}" for user, word in accounts.items()),
        _app("apns", param=f"{ids.team}.{BUNDLE}", key_id=ids.key_id, key_file=str(files.apns_key_file))
        + _endpoint(lab.apns_url, ca_file)
        + f"\nother_endpoint = {_text(lab.apns_sandbox_url)}",
        _app("fcm", param=ids.project, service_account=str(files.service_account_file))
        + _endpoint(lab.fcm_url, ca_file),
        _app("webpush", vapid_key_file=str(files.vapid_key_file), ca_file=ca_file),
        _app("unifiedpush", vapid_key_file=str(files.vapid_key_file), ca_file=ca_file),
        _app("hms", param=HMS_APP, project=HMS_PROJECT, secret_file=str(files.hms_secret_file))
        + _endpoint(lab.hms_url, ca_file)
        + f"\ntoken_endpoint = {_text(lab.hms_token_url)}",
        _app("http", param=HOOK_APP, secret_file=str(files.hook_secret_file)) + _endpoint(lab.hook_url, ca_file),
        (
            f"[lab]\ninbox = {_text(lab.inbox_url)}\nca_file = {_text(ca_file)}\n"
            f"bundle = {_text(BUNDLE)}\nproject = {_text(ids.project)}"
        ),
    ]
    return "\n\n".join(table for table in tables if table) + "\n"


def _app(provider: str, **values: str) -> str:
    lines = [f"{name} = {_text(value)}" for name, value in values.items()]
    return "\n".join([f"[[app]]\nprovider = {_text(provider)}\ntenant = {_text(DOMAIN)}\nshow_caller = true", *lines])


def _endpoint(url: str, ca_file: str) -> str:
    return f"\nendpoint = {_text(url)}\nca_file = {_text(ca_file)}"


def _text(value: str) -> str:
    """Write a TOML basic string; JSON's form is one."""
    return json.dumps(value)
