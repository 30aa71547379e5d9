"""Claims about RFC 8599's own place."""

from tests.registrar.dialects.phones import TOKEN, told

from ringwake.registrar.dialects.uri_params import uri_params
from ringwake.sip.push_params import PushParams


def test_the_contact_uri_says_it() -> None:
    contact = f"<sip:a@h;pn-provider=fcm;pn-param=demo-project;pn-prid={TOKEN}>;pn-provider=apns"
    assert uri_params(told(contact)) == PushParams(provider="fcm", param="demo-project", prid=TOKEN)
    assert uri_params(told("<sip:a@h>;pn-provider=fcm")) is None
