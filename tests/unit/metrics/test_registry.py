from __future__ import annotations

import pytest

from segbench.errors import SegbenchError
from segbench.metrics import registry as registry_module
from segbench.metrics.metric import MASKS, Definition
from segbench.metrics.overlap import pixel_metric
from segbench.metrics.registry import DEFINITIONS, METRICS, PARTS, define, definition_id

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


def test_the_metrics_their_tasks_and_what_they_need():
    def named(task):
        return {name for name, metric in METRICS.items() if task in metric.tasks}

    pixels = {"iou", "dice", "precision", "recall", "iou_present", "iou_pooled", "dice_pooled",
              "precision_pooled", "recall_pooled"}  # fmt: skip
    millimetres = {"hd95", "nsd_1mm", "nsd_2mm"}
    assert named("semantic") == {*pixels, *millimetres, "uw_mlebench", "uw_per_class"}
    assert named("overlapping") == named("semantic")
    assert named("instances") == {*pixels, "dsb_map"}
    assert named("classification") == {
        "accuracy", "balanced_accuracy", "f1", "class_recall", "class_precision", "roc_auc",
        "calibration_error", "brier", "log_loss",
    }  # fmt: skip
    assert {name for name, metric in METRICS.items() if metric.needs_spacing} == millimetres


def measure(case):
    yield case


@pytest.fixture
def registry(monkeypatch):
    """What is defined in a test is forgotten after it."""
    for name in ("METRICS", "PARTS", "DEFINITIONS", "_SCORES"):
        monkeypatch.setattr(registry_module, name, dict(getattr(registry_module, name)))
    return registry_module


def test_defining_a_metric_fills_the_registry(registry):
    whole = Definition("f2", "F2", "f2/per-image", "5 TP / (5 TP + 4 FN + FP)", "R", "pixels")
    part = Definition("f2_part", "P", "f2-part", "a part", "R")
    assert registry.metric(whole, MASKS, needs_spacing=True, parts=(part,))(measure) is measure
    found = registry.METRICS["f2"]
    assert (found.definition, found.measure, found.tasks) == (whole, measure, MASKS)
    assert (found.per, found.needs_spacing, found.parts) == ("sample", True, (part,))
    assert found.definition.text == "5 TP / (5 TP + 4 FN + FP)"
    assert registry.PARTS["f2"] == ("f2_part",)
    assert registry.definition_id("f2", "one") == "f2/per-image/empty-one"
    assert registry.define("f2-part") == part


@pytest.mark.parametrize(
    ("name", "identifier"), [("iou", "new"), ("new", "iou/per-image"), ("dsb_ap@0.50", "new")]
)
def test_a_name_or_an_id_that_is_taken_is_refused(registry, name, identifier):
    before = dict(registry.METRICS), dict(registry.DEFINITIONS)
    with pytest.raises(SegbenchError) as error:
        registry.metric(Definition(name, "T", identifier, "what", "who", "pixels"), MASKS)(measure)
    assert error.value.what == f"metric {name!r} ({identifier}) is defined twice"
    assert error.value.action == f"rename it in {__name__}"
    assert before == (registry.METRICS, registry.DEFINITIONS)


@pytest.mark.parametrize(
    ("empty", "tasks", "per", "what"),
    [
        ("pixel", MASKS, "sample", "metric 'f2': empty is 'pixel'"),
        ("", ("semantics",), "sample", "metric 'f2': tasks is ('semantics',)"),
        ("", "semantic", "sample", "metric 'f2': tasks is 'semantic'"),
        ("", MASKS, "image", "metric 'f2': per is 'image'"),
    ],
)
def test_a_definition_with_a_typing_mistake_is_refused(registry, empty, tasks, per, what):
    """Else a metric would write nothing, or end in a KeyError."""
    definition = Definition("f2", "F2", "f2", "what", "who", empty)
    with pytest.raises(SegbenchError) as error:
        registry.metric(definition, tasks, per=per)(measure)
    assert error.value.what == what
    assert error.value.action == f"correct it where the metric is defined, in {__name__}"
    assert "f2" not in registry.METRICS


def test_the_module_of_a_pixel_metric_is_named(registry):
    taken = Definition("new", "T", "iou/per-image", "what", "who", "pixels")
    with pytest.raises(SegbenchError) as error:
        pixel_metric(taken)(lambda counts, empty: 1.0)
    assert error.value.action == f"rename it in {__name__}"


def test_each_metric_is_defined_under_the_name_that_it_writes():
    for name, metric in METRICS.items():
        assert name == metric.definition.name
        assert len({part.name for part in metric.parts} | {name}) == len(metric.parts) + 1


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
