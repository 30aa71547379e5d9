"""What phones tell in a REGISTER, for the tests of each dialect."""

from __future__ import annotations

from ringwake.model.app import App, AppKey, Provider
from ringwake.registrar.dialects.told import Told
from ringwake.sip.address import parse_address

TENANT = "example.com"
IPHONE = App(key=AppKey(Provider.APNS, "TEAM123456.com.example.phone"), tenant=TENANT)
SANDBOXED = App(key=AppKey(Provider.APNS, "TEAM123456.com.example.beta"), tenant=TENANT, is_sandbox=True)
ANDROID = App(key=AppKey(Provider.FCM, "demo-project"), tenant=TENANT)
TABLET = App(key=AppKey(Provider.FCM, "1234567890"), tenant=TENANT)
HEX = "0a" * 32
TOKEN = "cX3-_dD:APA91b"


def told(contact: str, *apps: App, header: str = "") -> Told:
    """Return what a Contact tells to a tenant with these applications."""
    address = parse_address(contact)
    return Told(contact=address, uri=address.sip_uri, header=header, apps=apps)
