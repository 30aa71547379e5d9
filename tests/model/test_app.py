"""Claims about applications."""

import pytest

from ringwake.model.app import App, AppKey, Provider


@pytest.mark.parametrize(("is_sandbox", "words"), [(False, ("apns",)), (True, ("apns", "apns.dev"))])
def test_a_sandbox_has_a_word_of_its_own(is_sandbox: bool, words: tuple[str, ...]) -> None:
    app = App(key=AppKey(Provider.APNS, "TEAM123456.com.example.phone"), tenant="example.com", is_sandbox=is_sandbox)
    assert app.words == words
