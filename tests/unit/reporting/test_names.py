"""Labels of arms name what differs, and nothing that all share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segbench.reporting.names import arm_label, arm_labels


def arm(name: str, **more: object) -> dict[str, object]:
    return {"preprocessing": name, "augmentation": "none", "model": "unet", "seed": "0", **more}


def test_labels_leave_out_what_all_share():
    assert arm_labels([arm("p1"), arm("p2")]) == ["p1", "p2"]
    assert arm_labels([arm("p1"), arm("p2", seed=1)]) == ["p1 · seed 0", "p2 · seed 1"]


def test_folds_of_one_arm_have_its_whole_name():
    assert arm_labels([arm("p1", fold=0), arm("p1", fold=1)]) == ["p1 · none · unet · seed 0"] * 2
    assert arm_labels([]) == []


names = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(names, names, names, st.integers(0, 2)), min_size=1, unique=True))
def test_different_arms_have_different_labels(arms):
    keys = ("preprocessing", "augmentation", "model", "seed")
    found = arm_labels([dict(zip(keys, values, strict=True)) for values in arms])
    assert len(set(found)) == len(arms)


def test_the_order_of_the_names_is_fixed():
    assert arm_label({"seed": 3, "model": "unet", "protocol": "p"}) == "unet · seed 3"
