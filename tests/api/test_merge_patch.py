"""JSON merge patches, by the examples of RFC 7396 appendix A."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ringwake.api.merge_patch import DEEPEST, merged


@pytest.mark.parametrize(
    ("original", "patch", "result"),
    [
        ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
        ('{"a":"b"}', '{"a":null}', "{}"),
        ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
        ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
        ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
        ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
        ('["a","b"]', '["c","d"]', '["c","d"]'),
        ('{"a":"b"}', '["c"]', '["c"]'),
        ('{"a":"foo"}', "null", "null"),
        ('{"a":"foo"}', '"bar"', '"bar"'),
        ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
        ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
        ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
    ],
)
def test_the_examples_of_the_rfc_come_out_as_they_stand_there(original: str, patch: str, result: str) -> None:
    target = json.loads(original)
    assert merged(target, json.loads(patch)) == json.loads(result)
    assert target == json.loads(original)


def test_a_patch_without_end_is_looked_into_no_further_than_documents_go() -> None:
    patch: Any = None
    for _ in range(DEEPEST * 100):
        patch = {"a": patch}
    made = merged({}, patch)
    for _ in range(DEEPEST):
        patch, made = patch["a"], made["a"]
    assert made is patch
