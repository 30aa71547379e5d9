"""Claims about what h2 leaves to its user."""

from h2.errors import ErrorCodes
from hyperframe.frame import Frame, GoAwayFrame

from ringwake.emulators.exchange import Peer
from ringwake.emulators.manner import Terms
from ringwake.emulators.stream import Announced, Stream, goaway_frame


def test_a_goaway_frame_is_read_as_such() -> None:
    octets = goaway_frame(7, ErrorCodes.ENHANCE_YOUR_CALM, b"x" * 300)
    frame, length = Frame.parse_frame_header(memoryview(octets[:9]))
    assert isinstance(frame, GoAwayFrame)
    assert length == len(octets) - 9
    frame.parse_body(memoryview(octets[9:]))
    assert (frame.stream_id, frame.last_stream_id, frame.additional_data) == (0, 7, b"x" * 300)
    assert frame.error_code == ErrorCodes.ENHANCE_YOUR_CALM


def test_a_stream_becomes_a_request() -> None:
    stream = Stream([(b":method", b"POST"), (b":path", b"/x?y"), (b"x-a", b"1"), (b"x-a", b"\xe9")])
    assert not stream.read(b"he", 5)
    assert not stream.read(b"llo", 5)
    request = stream.request(Peer(1), too_long=False)
    assert (request.method, request.target, request.body) == ("POST", "/x?y", b"hello")
    assert request.headers == (("x-a", "1"), ("x-a", "é"))


def test_a_body_is_cut_at_the_most_it_may_be() -> None:
    stream = Stream([])
    assert stream.read(b"hello", 4)
    assert stream.request(Peer(1), too_long=True).body == b"hell"


def test_the_limit_is_announced_and_not_enforced_by_h2() -> None:
    announced = Announced(Terms(), 3)
    assert dict(announced)[3] == 3
    assert announced.max_concurrent_streams > 10**6
    announced.max_concurrent_streams = 5
    announced.acknowledge()
    assert dict(announced)[3] == 5
