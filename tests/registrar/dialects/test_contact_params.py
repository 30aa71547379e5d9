"""Claims about the place behind the brackets."""

from tests.registrar.dialects.phones import TOKEN, told

from ringwake.registrar.dialects.contact_params import contact_params
from ringwake.sip.push_params import PushParams


def test_jssip_says_it_behind_the_brackets() -> None:
    contact = f"<sip:a@b.invalid;transport=ws>;pn-provider=fcm;pn-param=demo-project;pn-prid={TOKEN};expires=600"
    assert contact_params(told(contact)) == PushParams(provider="fcm", param="demo-project", prid=TOKEN)
    assert contact_params(told("<sip:a@h;pn-provider=fcm>")) is None
    assert contact_params(told("sip:a@h;pn-provider=fcm")) is None
