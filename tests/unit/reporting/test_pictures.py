from __future__ import annotations

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
