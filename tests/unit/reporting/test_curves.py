from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import pytest
from PIL import Image

from segbench.errors import SegbenchError
from segbench.reporting.assets import read_picture
from segbench.reporting.curves import arms_of, draw_curves
from segbench.reporting.histories import read_history
from unit.reporting.builders import NASTY, write_history

HEADER = "epoch,learning_rate,loss,val_loss,val_dice,chosen\n"


def test_history_is_read(tmp_path: Path):
    path = tmp_path / "history.csv"
    path.write_text(HEADER + "1,0.001,0.5,0.6,0.3,0\n2,0.001,0.4,,0.7,1\n")
    history = read_history(path)
    assert history.epoch == [1.0, 2.0]
    assert history.loss == [0.5, 0.4]
    assert history.score == [0.3, 0.7]
    assert history.metric == "Dice"
    assert history.best == 1
    assert math.isnan(history.val_loss[1])


def test_history_without_a_chosen_epoch(tmp_path: Path):
    path = tmp_path / "history.csv"
    path.write_text(HEADER + "1,0.001,0.5,0.6,0.3,0\n")
    assert read_history(path).best is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epoch,loss\n1,2\n", "val_loss, chosen, val_dice or val_accuracy"),
        (HEADER + "1,0.001,high,0.6,0.3,0\n", "line 2: loss is 'high'"),
        ("", "no column"),
    ],
)
def test_bad_history_is_refused(tmp_path: Path, text: str, says: str):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(SegbenchError, match=says) as error:
        read_history(path)
    assert str(path) in str(error.value)


def test_missing_or_binary_history_is_refused(tmp_path: Path):
    with pytest.raises(SegbenchError, match="cannot be read"):
        read_history(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SegbenchError, match="cannot be read"):
        read_history(tmp_path / "b.csv")


def test_folds_of_an_arm_share_plots_in_the_given_order():
    labels = ["b, fold 0", "a, fold 0", "b, fold 1", "single"]
    assert arms_of(labels) == {
        "b": ["b, fold 0", "b, fold 1"],
        "a": ["a, fold 0"],
        "single": ["single"],
    }


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_same_input_same_bytes(tmp_path: Path, suffix: str):
    histories = {f"unet, fold {k}": write_history(tmp_path / f"{k}.csv", seed=k) for k in range(2)}
    pictures = [tmp_path / f"{k}{suffix}" for k in range(2)]
    draw_curves(histories, "Study", pictures[0])
    with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.grid": False}):
        draw_curves(histories, "Study", pictures[1])
    assert pictures[0].read_bytes() == pictures[1].read_bytes()


def test_no_clock_or_version_in_the_file(tmp_path: Path):
    history = {"unet": write_history(tmp_path / "h.csv")}
    draw_curves(history, "Study", tmp_path / "c.svg")
    text = (tmp_path / "c.svg").read_text()
    assert "<dc:date>" not in text
    assert matplotlib.__version__ not in text.split("<defs>")[0]
    draw_curves(history, "Study", tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as image:
        assert set(image.text) == {"Description"}


@pytest.mark.parametrize("arms", [0, 1, 2, 3, 4, 7])
def test_any_number_of_arms(tmp_path: Path, arms: int):
    path = write_history(tmp_path / "h.csv")
    draw_curves({f"arm {k}": path for k in range(arms)}, "Study", tmp_path / "c.svg")
    size = read_picture(tmp_path / "c.svg")
    assert 100 < size.width < 1100
    assert size.height > 100
    for k in range(arms):
        assert f"arm {k}: validation Dice" in size.description


def test_description_names_the_chosen_epochs(tmp_path: Path):
    paths = []
    for fold, (epoch, dice) in enumerate([(1, 0.5), (2, 0.7)]):
        rows = "".join(
            f"{e},0.1,0.5,0.6,{dice if e == epoch else 0.1},{int(e == epoch)}\n" for e in (1, 2, 3)
        )
        paths.append(tmp_path / f"{fold}.csv")
        paths[-1].write_text(HEADER + rows)
    draw_curves({f"a, fold {k}": p for k, p in enumerate(paths)}, "T", tmp_path / "c.svg")
    expected = "T. a: validation Dice 0.600 at the chosen epoch (1 to 2)."
    assert read_picture(tmp_path / "c.svg").description == expected


def test_nan_empty_and_diverged_histories_are_drawn(tmp_path: Path):
    (tmp_path / "nan.csv").write_text(HEADER + "1,0.1,nan,nan,nan,1\n2,0.1,inf,inf,nan,0\n")
    (tmp_path / "empty.csv").write_text(HEADER)
    (tmp_path / "wild.csv").write_text(HEADER + "1,0.1,900,1000,0,0\n2,0.1,0.1,0.2,0.5,1\n")
    histories = {name: tmp_path / f"{name}.csv" for name in ("nan", "empty", "wild")}
    draw_curves(histories, "Study", tmp_path / "c.svg")
    text = read_picture(tmp_path / "c.svg").description
    assert "nan: no epoch chosen; empty: no epoch chosen; wild: validation Dice 0.500" in text


def test_nasty_labels_are_text(tmp_path: Path):
    draw_curves({NASTY: write_history(tmp_path / "h.csv")}, NASTY, tmp_path / "c.svg")
    tags = {element.tag for element in ET.parse(tmp_path / "c.svg").iter()}
    assert not any(tag.endswith("}script") for tag in tags)


def test_other_endings_are_refused(tmp_path: Path):
    with pytest.raises(SegbenchError, match="cannot draw"):
        draw_curves({}, "Study", tmp_path / "c.pdf")
    assert list(tmp_path.iterdir()) == []
