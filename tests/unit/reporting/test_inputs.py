from __future__ import annotations

from segbench.metrics.registry import define
from segbench.reporting.inputs import Manifest, ReportInput, StudyInput
from segbench.reporting.parts import StudyParts
from unit.reporting.builders import toy_dataset, toy_study

PARTS = StudyParts(
    samples="s.tsv", folds="f.tsv", verdict="v.json", tables={}, losses="l.tsv", pictures={},
    arms=(),
)  # fmt: skip


def test_metrics_are_those_of_the_study_with_its_policy_for_empty_masks():
    study = toy_study(metrics=("iou", "dice"), empty="one")
    found = StudyInput("s", study, toy_dataset(), PARTS).metrics
    assert [identifier for identifier, _ in found] == [
        "iou/per-image/empty-one", "dice/per-image/empty-one"
    ]  # fmt: skip
    assert [definition for _, definition in found] == [
        define("iou/per-image/empty-one"), define("dice/per-image/empty-one")
    ]  # fmt: skip


def test_each_study_s_definitions_have_text_and_source():
    metrics = ("iou", "dice", "precision", "hd95", "nsd_1mm")
    study = toy_study(metrics=metrics)
    found = StudyInput("s", study, toy_dataset(), PARTS).metrics
    assert len(found) == len(metrics)
    for identifier, definition in found:
        assert "/" in identifier
        assert definition.title
        assert definition.text
        assert definition.source


def test_an_empty_report_has_no_sections():
    report = ReportInput("t", "c.yaml")
    assert (report.studies, dict(report.explorations), report.jobs) == ((), {}, ())
    assert report.manifest == Manifest("", {}, {}, "")
