from __future__ import annotations

import pytest

from segbench.config import study
from segbench.definitions import DEFINITIONS, PARTS, define, definition_id
from segbench.errors import SegbenchError
from segbench.metrics import METRICS
from segbench.metrics.registry import OBJECT_METRICS

ALL_PARTS = [name for parts in PARTS.values() for name in parts]


def test_ids_say_the_policy():
    assert definition_id("iou", "exclude") == "iou/per-image/empty-excluded"
    assert definition_id("dice", "one") == "dice/per-image/empty-one"
    assert definition_id("dsb_map", "zero") == "dsb-map/strict/empty-zero"
    assert definition_id("dsb_ap@0.95", "exclude") == "dsb-ap@0.95/strict/empty-excluded"


def test_every_metric_is_defined_under_every_policy():
    for metric in METRICS:
        for empty in ("exclude", "one", "zero"):
            entry = define(definition_id(metric, empty))
            assert entry.title and entry.text and entry.source
    # Three policies of those that can be empty: 4 of pixels, 3 of surfaces, 11 of objects.
    assert len(DEFINITIONS) == 3 * (4 + 3 + 11) + 5 + 6 + 9


def test_studies_may_ask_for_exactly_the_metrics_that_there_are():
    assert set(study.METRICS) == set(METRICS)
    assert set(study.INSTANCE_METRICS) == set(OBJECT_METRICS)


def test_the_text_is_what_a_heading_needs():
    assert define("iou/per-image/empty-one").text == (
        "TP / (TP + FP + FN) over the pixels of one image and class; 1 where both are empty, "
        "0 where only one has pixels"
    )
    assert define("dsb-ap@0.55/strict/empty-excluded").title == "AP@0.55"


def test_distances_and_errors_are_better_low():
    lower = {define(definition_id(name, "exclude")).title for name in [*METRICS, *ALL_PARTS]
             if not define(definition_id(name, "exclude")).higher_is_better}  # fmt: skip
    assert lower == {
        "HD95 (mm)", "ECE", "Brier score", "Log loss", "Hausdorff (mle-bench)",
        "Hausdorff (per class)",
    }  # fmt: skip


def test_what_cannot_be_empty_has_one_definition():
    for metric in ("iou_pooled", "iou_present", "uw_mlebench", "accuracy", "roc_auc"):
        assert len({definition_id(metric, empty) for empty in ("exclude", "one", "zero")}) == 1


def test_the_policy_of_a_distance_is_in_millimetres():
    assert definition_id("hd95", "one") == "hd95/surface-distance/empty-0mm"
    assert definition_id("hd95", "zero") == "hd95/surface-distance/empty-diagonal"
    assert define("hd95/surface-distance/empty-excluded").text.endswith(
        "in mm; left out and counted where both are empty, the image's diagonal where only one "
        "has pixels (as the 374 mm of BraTS 2023)"
    )
    assert definition_id("nsd_2mm", "one") == "nsd@2mm/surface-distance/empty-one"


def test_the_competitions_score_weighs_its_parts():
    for metric in ("uw_mlebench", "uw_per_class"):
        found = define(definition_id(metric, "exclude"))
        assert found.class_weights == {"Dice": 0.4, "1 - Hausdorff": 0.6}
        assert not found.by_class


def test_every_source_can_be_found():
    for identifier, found in DEFINITIONS.items():
        assert any(mark in found.source for mark in ("doi:10.", "github.com", "chapter")), (
            identifier
        )
        assert found.text[0] not in " ;" and not found.text.endswith(".")


def test_unknown_policies_and_ids():
    with pytest.raises(SegbenchError, match="policy for empty images: 'skip'"):
        definition_id("iou", "skip")
    with pytest.raises(SegbenchError, match="definition 'iou/global' is unknown"):
        define("iou/global")
