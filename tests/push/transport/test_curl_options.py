"""What curl is told once. That certificates and proxies work is shown in `test_http_reach.py`."""

from __future__ import annotations

import pycurl
from tests.push.certificates import Certificates

from ringwake.push.transport.curl_options import options, trust
from ringwake.push.transport.identity import read_identity
from ringwake.push.transport.proxy import read_proxy
from ringwake.secret import Secret


def test_the_systems_certificates_stay_trusted() -> None:
    """With an own authority and without: the options that are set say so. No test may call the internet."""
    assert dict(trust(None)).keys() <= {pycurl.CAINFO}
    own = dict(trust(b"pem"))
    assert own[pycurl.CAINFO_BLOB] == b"pem"


def test_without_a_proxy_none_is_used() -> None:
    given = dict(options(ca=None, identity=None, proxy=None))
    assert (given[pycurl.PROXY], given[pycurl.NOPROXY]) == ("", "*")
    assert pycurl.SSLCERT_BLOB not in given


def test_a_proxy_is_for_every_host_and_by_connect_alone() -> None:
    given = dict(options(ca=None, identity=None, proxy=read_proxy(Secret("http://proxy:3128"))))
    assert (given[pycurl.PROXY], given[pycurl.NOPROXY]) == ("http://proxy:3128", "")
    assert given[pycurl.HTTPPROXYTUNNEL] == 1
    assert pycurl.PROXYUSERNAME not in given


def test_the_identity_is_handed_over_in_memory(certs: Certificates) -> None:
    identity = read_identity(Secret(certs.client.read_bytes()))
    assert identity is not None
    given = dict(options(ca=None, identity=identity, proxy=None))
    assert (given[pycurl.SSLCERT_BLOB], given[pycurl.SSLKEY_BLOB]) == (identity.chain, identity.key.reveal())
