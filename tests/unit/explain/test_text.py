"""The text says what was counted, in units that fit."""

from __future__ import annotations

from segbench.explain.causes import Cause
from segbench.explain.costs import Estimate
from segbench.explain.text import text_of
from unit.explain.jobs import RATE, estimate, explanation

TEXT = """\
Study a: 3 jobs
  because
    parameter training.optimizer.learning_rate of model unet: 0.001 -> 0.0005 (train 2 jobs)
  stage    jobs  caused  follow  will run  may run  restored     GPU   CPU  sequential
  train       2       2       -         2        -         -     3 h  12 h   1.5-4.5 h
  predict     1       -       1         -        1         -  30 min   1 h   15-45 min
  will run: 3 GPU-hours, 12 CPU-hours; 3 hours sequential (1.5-4.5 h)
  worst case: 3.5 GPU-hours, 13 CPU-hours; 3.5 hours sequential (1.8-5.2 h)

No single study: 2 jobs
  because
    other jobs before them run
  stage  jobs  caused  follow  will run  may run  restored  GPU  CPU  sequential
  index     1       -       1         -        -         1    0    0           0
  draw      1       -       1         1        -         -    ?    ?           ?
  will run: ?
  restored from the store: 1 job
  cost unknown, not in these sums: 1 job

Total, each job once: 5 jobs
  will run: 3 GPU-hours, 12 CPU-hours; 3 hours sequential (1.5-4.5 h)
  worst case: 3.5 GPU-hours, 13 CPU-hours; 3.5 hours sequential (1.8-5.2 h)
  restored from the store: 1 job
  cost unknown, not in these sums: 1 job
The estimate ignores early stopping.
"""


def test_the_text():
    found = explanation(
        ("train", ["a"], [RATE], "computed", estimate(2, 8, 2)),
        ("train", ["a"], [RATE], "computed", estimate(1, 4, 1)),
        ("predict", ["a"], [], "open", estimate(0.5, 1, 0.5)),
        ("index", [], [], "restored", None),
        ("draw", [], [], "computed", None),
    )
    assert text_of(found) == TEXT


def test_nothing():
    assert text_of(explanation()) == "Nothing to be done.\n"
    assert explanation().as_dict()["total"]["total"]["jobs"] == 0


def test_many_causes_of_one_kind_are_cut():
    causes = [Cause("raw file", f"{n:02}.png", "m.tsv", "1", "2") for n in range(30)]
    text = text_of(explanation(("index", ["a"], causes, "computed", None)))
    assert "07.png" in text
    assert "08.png" not in text
    assert "... and 22 more like these (index 1 job)" in text


def test_several_studies_are_explained():
    two = explanation(("train", ["a", "b"], [RATE], "computed", Estimate()))
    assert text_of(two).endswith("A job that serves several studies is counted in each of them.\n")
