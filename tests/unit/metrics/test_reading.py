"""Truth and prediction side by side: what is read, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.archives import ArchiveWriter
from segbench.errors import SegbenchError
from segbench.metrics.reading import Pairs

SEMANTIC = {"axes": "yx", "task": "semantic", "classes": ["skin", "hair"], "class_values": [1, 4]}
TISSUES = {"axes": "", "task": "classification", "classes": ["a", "b"], "class_values": [3, 5]}


def write(path, attributes, samples, **records):
    with ArchiveWriter(path, {"stage": "truth", **attributes}) as writer:
        for name, arrays in samples.items():
            writer.add(name, arrays, {"source": name, **records.get(name, {})})
    return path


def label(*rows):
    return {"label": np.array(rows, np.uint8)}


@pytest.fixture
def pairs(tmp_path):
    """Makes pairs of two dicts of samples; all have groups but one that is called `alone`."""
    made = []

    def make(truth, prediction, attributes=SEMANTIC, predicted=None, **records):
        write(tmp_path / "truth", attributes, truth, **records)
        write(tmp_path / "seg", predicted or attributes, prediction)
        groups = {name: f"g-{name}" for name in truth if name != "alone"}
        made.append(Pairs(tmp_path / "seg", [tmp_path / "truth"], groups, "exclude"))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_what_is_known_of_all_samples(pairs):
    truth = {name: label([0, 1]) for name in ("b", "a", "c")}
    found = pairs(truth, {name: truth[name] for name in ("b", "a")},
                  {**SEMANTIC, "background": "rest"})  # fmt: skip
    assert (found.samples, found.task, found.background) == (["a", "b"], "semantic", "rest")
    assert found.classes == {"skin": 1, "hair": 4}
    assert found.group("a") == "g-a"


def test_a_case_has_the_spacing_of_its_truth(pairs):
    spacing = {"a": {"spacing_mm": [3, 0.5]}}
    case = pairs({"a": label([0, 1])}, {"a": label([4, 1])}, **spacing).case("a")
    assert (case.truth.tolist(), case.prediction.tolist()) == ([[0, 1]], [[4, 1]])
    assert (case.spacing_mm, case.name, case.empty) == ((3.0, 0.5), "a", "exclude")
    assert pairs({"a": label([0])}, {"a": label([1])}).case("a").spacing_mm is None


@pytest.mark.parametrize(
    ("sample", "prediction", "what"),
    [
        ("b", label([0]), "sample 'b' has no truth"),
        ("a", {"probability": np.zeros((1, 2))}, "sample 'a' has no prediction"),
        ("a", label([0]), "sample 'a' has size 1x1, its truth 1x2"),
        ("a", label([0, 2]), "sample 'a' holds the label 2"),
    ],
)
def test_a_prediction_that_does_not_fit(pairs, sample, prediction, what):
    found = pairs({"a": label([0, 1])}, {sample: prediction})
    with pytest.raises(SegbenchError) as error:
        found.case(sample)
    assert error.value.what == f"{found.path}: {what}"


def test_a_sample_without_a_group(pairs):
    found = pairs({"alone": label([0])}, {"alone": label([0])})
    with pytest.raises(SegbenchError, match="sample 'alone' is in none of the folds"):
        found.group("alone")


def test_an_archive_without_samples_and_one_of_other_classes(pairs):
    with pytest.raises(SegbenchError, match="no samples"):
        pairs({"a": label([0])}, {})
    other = {**SEMANTIC, "classes": ["hair", "skin"]}
    with pytest.raises(SegbenchError, match="its classes are hair, skin"):
        pairs({"a": label([0])}, {"a": label([0])}, predicted=other)


def test_slices_become_stacks_in_their_order(pairs):
    names = {"x2": 2, "x10": 10, "x1": 1}
    records = {n: {"stack": "x", "position": place} for n, place in names.items()}
    truth = {n: label([place % 2, 0]) for n, place in names.items()}
    ((stack, group, true, predicted, classes),) = pairs(truth, truth, **records).stacks()
    assert classes == ("skin", "hair")
    assert (stack, group, true.shape) == ("x", "g-x1", (3, 1, 2, 2))
    assert true[:, 0, 0, 0].tolist() == [True, False, False]
    assert (predicted == true).all()


def test_a_class_that_was_not_annotated_is_in_no_stack(pairs):
    names = {"x0": 0, "x1": 1, "y0": 0}
    records = {n: {"stack": n[0], "position": place} for n, place in names.items()}
    for name, annotated in {"x0": ["hair"], "x1": ["hair"], "y0": ["hair", "skin"]}.items():
        records[name]["annotated"] = annotated
    truth, predicted = {n: label([4, 255]) for n in names}, {n: label([1, 4]) for n in names}
    found = {stack: rest for stack, _, *rest in pairs(truth, predicted, **records).stacks()}
    assert found["x"][2] == ("hair",)
    assert found["x"][0].tolist() == [[[[True], [False]]]] * 2, "255 is of no class"
    assert not found["x"][1].any(), "what is predicted there neither"
    assert found["y"][2] == ("skin", "hair")
    nothing = {"x0": label([255, 255])}
    record = {"x0": {"stack": "x", "position": 0}}
    assert list(pairs(nothing, {"x0": label([1, 4])}, **record).stacks()) == []


def test_classified_images_are_places_of_their_classes(pairs):
    def image(value, *probability):
        return {"label": np.array([value], np.uint8), "probability": np.array(probability)}

    truth = {"m": label(5), "n": label(3)}
    found = pairs(truth, {"n": image(5, 0.25, 0.75), "m": image(5, 0.1, 0.91)}, TISSUES)
    predictions = found.predictions()
    assert (predictions.truth.tolist(), predictions.label.tolist()) == ([1, 0], [1, 1])
    assert predictions.probability.sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-15)
    assert predictions.probability[1].tolist() == [0.25, 0.75]
    with pytest.raises(SegbenchError, match=r"has 2 probabilities that add up to 1\.2"):
        pairs(truth, {"m": image(5, 0.5, 0.7)}, TISSUES).predictions()
