"""Which of several results of a fork tells the caller most (RFC 3261 section 16.7 step 6)."""

from __future__ import annotations

from collections.abc import Iterable

from ringwake.sip.message import Response

# Of the 4xx, those that tell the caller what to do come first (section 16.7 step 6).
_TELLING = (401, 407, 415, 420, 484)
_CHALLENGES = (401, 407)
# Statuses of ours that stand for silence: a time-out and a transport error (section 16.9).
OURS = (408, 503)
# Answers that speak of one phone and not of the call: a 503 would stop the caller from sending us anything (16.7
# step 6), a 482 is about the way to that phone.
OF_THE_PHONE = {503: 500, 482: 480}


def rank(result: Response | int) -> tuple[int, int, bool]:
    """Order results: 6xx, then by class, then those that tell the caller something, then real answers."""
    if isinstance(result, int):
        status, is_real = 480 if result in OURS else result, False
    else:
        status, is_real = OF_THE_PHONE.get(result.status, result.status), result.status not in OF_THE_PHONE
    telling = _TELLING.index(status) if status in _TELLING else len(_TELLING)
    return (0 if status >= 600 else status // 100, telling, not is_real)


def all_challenges(answer: Response, best: Response, results: Iterable[Response | int]) -> Response:
    """Merge the challenges of all branches into the answer, if it is a 401 or 407 (section 16.7 step 7).

    Args:
        answer: the best response as it goes on.
        best: the one that it was made of.
        results: of all branches.
    """
    if best.status not in _CHALLENGES:
        return answer
    for other in results:
        if isinstance(other, Response) and other is not best and other.status in _CHALLENGES:
            for key in ("www-authenticate", "proxy-authenticate"):
                for challenge in other.headers.texts(key):
                    answer.headers.append(key, challenge)
    return answer
