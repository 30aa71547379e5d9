"""Claims about how often something may be done."""

from ringwake.emulators.allowance import Bucket, Window


def test_a_window_begins_with_the_first_and_allows_so_many() -> None:
    window = Window(60)
    assert window.wait(2, 1000.0) == 0
    window.take(1000.0)
    window.take(1020.0)
    assert window.wait(2, 1030.0) == 30
    assert window.wait(3, 1030.0) == 0
    assert window.wait(2, 1060.0) == 0


def test_the_next_window_begins_anew() -> None:
    window = Window(60)
    for now in (0.0, 59.0, 70.0):
        window.take(now)
    assert window.wait(1, 71.0) == 59
    assert window.wait(2, 71.0) == 0


def test_a_bucket_has_its_burst_and_then_one_at_a_time() -> None:
    bucket = Bucket(180)
    assert [bucket.take(3, 5.0) for _ in range(4)] == [0, 0, 0, 180]
    assert bucket.take(3, 95.0) == 90
    assert bucket.take(3, 185.0) == 0
    assert bucket.take(3, 185.0) == 180


def test_a_bucket_holds_no_more_than_its_burst() -> None:
    bucket = Bucket(180)
    bucket.take(2, 0.0)
    assert [bucket.take(2, 9000.0) for _ in range(3)] == [0, 0, 180]
