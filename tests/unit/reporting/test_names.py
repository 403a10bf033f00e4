"""Labels of arms and runs name what differs, and nothing that all share."""

from __future__ import annotations

from segbench.reporting.names import arm_labels, run_labels, without_common


def arm(name, **more):
    return {"preprocessing": name, "augmentation": "none", "model": "unet", "seed": "0", **more}


def test_labels_leave_out_what_all_share():
    runs = [arm(f"p{k}", fold=str(fold)) for k in (1, 2) for fold in (0, 1)]
    assert run_labels(runs) == ["p1, fold 0", "p1, fold 1", "p2, fold 0", "p2, fold 1"]
    assert arm_labels([arm("p1"), arm("p2")]) == ["p1", "p2"]


def test_labels_of_one_arm():
    assert arm_labels([arm("p1")]) == ["p1 · none · unet · seed 0"]
    assert run_labels([arm("p1", fold="0")]) == ["p1 · none · unet · seed 0, fold 0"]
    assert run_labels([]) == []
    assert without_common(["a · b", "a"]) == ["a · b", "a"]
