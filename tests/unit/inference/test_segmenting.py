from __future__ import annotations

import numpy as np
import pytest

from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.inference.images import NewImage
from segbench.inference.preparing import Opened
from segbench.inference.segmenting import Labels, segment_image

CLASSES = {"skin": 1, "hair": 4}


def opened(size: tuple[int, int] = (4, 6), crop=None) -> Opened:
    image = NewImage("a.png", "0" * 64)
    return Opened(image, np.zeros((*size, 3)), np.zeros((*size, 3)), size, crop, None)


def recipe(target: str) -> Model:
    return Model.model_validate({"target": target})


def test_labels_of_a_request_keep_the_order_of_the_classes():
    labels = Labels.of({"task": "semantic", "classes": {"b": 7, "a": 2}})
    assert labels.plain() == {"task": "semantic", "classes": [["b", 7], ["a", 2]]}
    assert labels.attributes == {
        "task": "semantic", "classes": ["b", "a"], "class_values": [7, 2]
    }  # fmt: skip
    assert labels.name_of(2) == "a"


def test_a_label_map_has_the_values_of_the_classes():
    probability = np.zeros((4, 6, 3), np.float32)
    probability[..., 0] = 1
    probability[:2, :, :] = (0.1, 0.2, 0.7)
    label, stored = segment_image(
        opened(), probability, Labels("semantic", CLASSES), recipe("classes")
    )
    assert label.dtype == np.uint8
    assert (label[:2] == 4).all()
    assert (label[2:] == 0).all()
    assert stored[0, 0].tolist() == np.float16([0.1, 0.2, 0.7]).astype(np.float32).tolist()


def test_a_whole_image_has_the_value_of_its_class():
    labels = Labels("classification", CLASSES)
    label, _ = segment_image(opened(), np.float32([0.25, 0.75]), labels, recipe("classes"))
    assert label.tolist() == [4]
    assert labels.name_of(int(label[0])) == "hair"


def test_what_is_no_number_is_refused():
    probability = np.full((4, 6, 3), np.nan, np.float32)
    with pytest.raises(SegbenchError, match=r"a\.png: the network's output is not a number"):
        segment_image(opened(), probability, Labels("semantic", CLASSES), recipe("classes"))
