from __future__ import annotations

import pytest

from segbench.config import study
from segbench.definitions import DEFINITIONS, define, definition_id
from segbench.errors import SegbenchError
from segbench.metrics import METRICS
from segbench.metrics.registry import OBJECT_METRICS


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


def test_unknown_policies_and_ids():
    with pytest.raises(SegbenchError, match="policy for empty images: 'skip'"):
        definition_id("iou", "skip")
    with pytest.raises(SegbenchError, match="definition 'iou/global' is unknown"):
        define("iou/global")
