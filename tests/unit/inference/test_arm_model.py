from __future__ import annotations

import pytest

from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes
from segbench.inference.arm_model import ArmModel, best_row

TABLE = """study,kind,method,preprocessing,augmentation,model,rank,iou_mean
which,ours,a,small,none,unet,2,0.700000
which,ours,b,native,none,unet,1,0.800000
which,published,kumeS,,,,,0.900000
"""


def test_the_best_row_of_a_table(tmp_path):
    (tmp_path / "t.csv").write_text(TABLE)
    assert best_row(tmp_path / "t.csv", "which") == {
        "preprocessing": "native",
        "augmentation": "none",
        "model": "unet",
    }


def test_a_table_without_a_best_row(tmp_path):
    (tmp_path / "t.csv").write_text(TABLE.splitlines()[0] + "\n")
    with pytest.raises(SegbenchError, match=r"t\.csv: the table of study which ranks no arm"):
        best_row(tmp_path / "t.csv", "which")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n"])
def test_a_file_that_is_no_table(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(SegbenchError, match="has no column kind, rank, preprocessing"):
        best_row(tmp_path / "t.csv", "which")


def test_there_is_no_table(tmp_path):
    with pytest.raises(SegbenchError, match=r"none\.csv: cannot be read"):
        best_row(tmp_path / "none.csv", "which")


def settings(*arms):
    """Two folds of each arm (preprocessing, seed)."""
    return {
        "study": "which",
        "arms": [
            {
                "names": {"preprocessing": p, "augmentation": "none", "model": "unet", "seed": s},
                "folds": [0, 1],
                "preprocessing": {"normalise": "none" if p == "native" else "minmax"},
                "recipe": {"target": "foreground"},
            }
            for p, s in arms
        ],
    }


@pytest.fixture
def networks(tmp_path):
    paths = [tmp_path / f"{number}.keras" for number in range(6)]
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


def test_the_only_arm_takes_all_its_networks(networks):
    arm = ArmModel.choose(settings(("native", 4)), networks[:2])
    assert arm.names["seed"] == "4"
    assert [(n["path"], n["fold"]) for n in arm.networks] == [
        (str(networks[0]), 0), (str(networks[1]), 1)
    ]  # fmt: skip
    assert arm.digests == sorted(sha256_of_bytes(name) for name in (b"0.keras", b"1.keras"))
    assert (arm.preprocessing.normalise, arm.recipe.target) == ("none", "foreground")


def test_the_table_chooses_all_seeds_of_the_best_arm(networks, tmp_path):
    (tmp_path / "t.csv").write_text(TABLE)
    asked = settings(("small", 0), ("native", 0), ("native", 1))
    arm = ArmModel.choose(asked, networks, tmp_path / "t.csv")
    assert (arm.names["preprocessing"], arm.names["seed"]) == ("native", "0 1")
    assert [n["path"] for n in arm.networks] == list(map(str, networks[2:]))
    assert [n["fold"] for n in arm.networks] == [0, 1, 0, 1]
    assert arm.preprocessing.normalise == "none"
