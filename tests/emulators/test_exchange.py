"""Claims about requests as handlers see them."""

from ringwake.emulators.exchange import Peer, Request, Response


def test_a_header_is_found_by_its_name_with_all_its_values() -> None:
    request = Request(method="POST", target="/x?y=1", headers=(("a", "1"), ("b", "2"), ("a", "3")))
    assert request.values("a") == ["1", "3"]
    assert request.header("a") == "1"
    assert request.header("c") is None


def test_the_path_is_the_target_without_its_query() -> None:
    assert Request(method="POST", target="/x?y=1?z", headers=()).path == "/x"


def test_peers_are_told_apart_by_identity() -> None:
    assert Peer(1) != Peer(1)


def test_an_answer_is_dated_and_measured() -> None:
    answer = Response(status=200, headers=(("a", "1"),), body=b"hello")
    assert answer.fields(0.0) == [("a", "1"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("content-length", "5")]
    assert answer.content == b"hello"


def test_some_statuses_have_no_body() -> None:
    for status in (204, 304):
        answer = Response(status=status, body=b"hello")
        assert answer.content == b""
        assert [name for name, _ in answer.fields(0.0)] == ["date"]
