from __future__ import annotations

import pytest

from segbench.inference.labels import Labels

LABELS = Labels("semantic", {"b": 7, "a": 2})


def test_the_order_of_the_classes_is_kept():
    assert LABELS.plain() == {"task": "semantic", "classes": [["b", 7], ["a", 2]]}
    assert LABELS.attributes == {
        "task": "semantic", "classes": ["b", "a"], "class_values": [7, 2]
    }  # fmt: skip


def test_a_class_by_its_value():
    assert LABELS.name_of(2) == "a"
    with pytest.raises(StopIteration):
        LABELS.name_of(1)
