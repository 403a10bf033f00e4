from __future__ import annotations

import pytest

from segbench.reporting.pictures import KINDS, kinds_of
from unit.reporting.builders import toy_dataset, toy_study


def test_what_a_study_has():
    sweep = {"grid": {"training.rate": (0.1, 0.01)}}
    segmented, classified = toy_dataset(), toy_dataset(task="classification")

    def names(study, dataset):
        return [kind.name for kind in kinds_of(study, dataset)]

    assert names(toy_study(), segmented) == ["curves", "overlays"]
    assert names(toy_study(sweep=sweep), segmented) == ["sweep", "curves", "overlays"]
    assert names(toy_study(), classified) == ["curves", "classes"]


def test_kinds_and_their_files_have_names_of_their_own():
    names = [kind.name for kind in KINDS]
    files = [file for kind in KINDS for file in kind.files]
    assert len(set(names)) == len(names) == 4
    assert len(set(files)) == len(files) == 7


def test_importing_the_kinds_draws_nothing():
    import subprocess
    import sys

    code = "import sys, segbench.reporting.pictures; print('matplotlib' in sys.modules)"
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.check_output([sys.executable, "-c", code], text=True, env=path)
    assert done.strip() == "False"


@pytest.mark.parametrize("task", ["semantic", "overlapping", "instances", "classification"])
def test_every_study_has_curves_and_pictures_of_its_arms(task: str):
    kinds = kinds_of(toy_study(), toy_dataset(task=task))
    assert [kind.per_arm for kind in kinds] == [False, True]
    assert kinds[0].files == {"curves": "Learning curves"}
    assert ("confusion" in kinds[1].files) == (task == "classification")


def test_kinds_say_how_they_are_shown():
    for kind in KINDS:
        assert kind.heading
        assert kind.link
        assert all(kind.files.values())
        assert kind.note or not kind.per_arm, "pictures of samples are explained"
