"""What stands for a class: each label for one, values or colours, and a background."""

from __future__ import annotations

import pytest

from segbench.config.dataset import Background, Class, Ignore
from segbench.datasets.folder_legend import Labels, colour_number, ignored_values
from segbench.errors import SegbenchError
from unit.datasets.folders import COLOURED, TWO


def test_labels_are_shown_as_in_the_config():
    assert Labels.of(TWO, None).expected() == "0 (background), 1 (cell), 2 (debris)"
    assert Labels.of(COLOURED, Background(name="rest")).expected() == (
        "#000000 (rest), #00c800 (bowel), #ff0000 (stomach), #ffff00 (bowel)"
    )


def test_colours_are_numbers():
    assert colour_number("#0102ff") == 0x0102FF
    assert Labels.of(COLOURED, None).shown(0x0102FF) == "#0102ff"


def test_a_background_with_labels_leaves_0_without_a_class():
    labels = Labels.of(TWO, Background(name="rest", labels=(9,)))
    assert labels.classes == {1: 1, 2: 2, 9: 0}
    assert labels.names[9] == "rest"
    assert not labels.by_colour


@pytest.mark.parametrize("label", ["red", "#12345"])
def test_a_label_is_a_value_or_a_colour(label):
    with pytest.raises(SegbenchError, match="cell: the label is"):
        Labels.of([Class(name="cell", value=1, labels=(label,))], None)


def test_values_and_colours_are_not_mixed():
    classes = [
        Class(name="a", value=1, labels=("#000001",)),
        Class(name="b", value=2, labels=(7,)),
    ]
    with pytest.raises(SegbenchError, match="b: the label is 7"):
        Labels.of(classes, None)


def test_what_is_ignored_is_marked():
    labels = Labels.of(TWO, None, Ignore(labels=(255, 7)))
    assert labels.classes == {0: 0, 1: 1, 2: 2, 7: 255, 255: 255}
    assert labels.expected().endswith("7 (not annotated), 255 (not annotated)")
    with pytest.raises(SegbenchError, match="the label 1 stands for cell and for not annotated"):
        Labels.of(TWO, None, Ignore(labels=(1,)))
    coloured = Labels.of(COLOURED, None, Ignore(labels=("#ffffff",)))
    assert coloured.classes[0xFFFFFF] == 255


def test_masks_of_one_class_are_ignored_by_value():
    assert ignored_values(Ignore(labels=(255, 3))) == {3, 255}
    assert ignored_values(None) == frozenset()
    with pytest.raises(SegbenchError, match="ignore: the label is '#ffffff'"):
        ignored_values(Ignore(labels=("#ffffff",)))


def test_names_in_the_file_are_looked_up():
    classes = (
        Class(name="a", value=1, labels=("Tumor", "cyst")),
        Class(name="b", value=2, labels=(7,)),
    )
    labels = Labels.of(
        classes, Background(labels=("Air",)), None, {3: "tumor", 5: "air", 9: "bone"}
    )
    assert labels.classes == {3: 1, 7: 2, 5: 0}
    assert not labels.by_colour
    assert labels.shown(9) == "'bone'"
    assert labels.expected() == "'tumor' (a), 'air' (background), 7 (b)"


def test_classes_without_labels_go_by_name_where_the_file_names_one():
    said = {1: "Debris", 4: "Cell", 6: "cell"}
    assert Labels.of(TWO, None, None, said).classes == {4: 1, 6: 1, 1: 2, 0: 0}
    assert Labels.of(TWO, None, None, {4: "CELL"}).classes == {4: 1, 0: 0}
    assert Labels.of(TWO, None, None, {1: "Segment_1"}).classes == {1: 1, 2: 2, 0: 0}
