"""Published figures as they are cited."""

from __future__ import annotations

from segbench.config.study import Published
from segbench.statistics.citations import cite, in_order
from unit.statistics.made import study


def published(metric: str, of_class: str | None, value: float, method: str = "U-Net") -> Published:
    return Published(
        method=method, metric=metric, of_class=of_class, definition="mean over 48 test cases",
        value=value, source="the publication, table 2",
    )  # fmt: skip


def test_figures_of_classes_share_a_citation():
    rows = (
        published("iou", "hat", 0.3), published("iou", None, 0.4), published("iou", "skin", 0.5),
        published("recall", "skin", 0.6), published("iou", "skin", 0.7, "other"),
    )  # fmt: skip
    found = cite(study(published=rows, metrics=("iou", "recall")))
    assert [(c.number, list(c.classes), c.row.value) for c in found] == [
        (1, ["hat", "skin"], 0.3), (2, [], 0.4), (3, ["skin"], 0.6), (4, ["skin"], 0.7),
    ]  # fmt: skip


def test_definitions_in_words_of_their_own_are_all_said():
    rows = [published("iou", name, 0.3).model_copy(update={"definition": f"IoU of {name}"})
            for name in ("hat", "skin")]  # fmt: skip
    (found,) = cite(study(published=tuple(rows)))
    assert found.definition == "IoU of hat; IoU of skin"
    (found,) = cite(study(published=(published("iou", None, 0.4),)))
    assert found.definition == "mean over 48 test cases"


def test_classes_stand_in_the_published_order_then_by_name():
    one = study(published=(published("iou", "skin", 0.5), published("iou", "hat", 0.5)))
    assert in_order({"hat", "coat", "skin", "bag"}, one) == ["skin", "hat", "bag", "coat"]
