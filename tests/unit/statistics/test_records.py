"""The CSV: every figure of every arm and class, with its counts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.statistics import write_tables
from segbench.statistics.grid import Table
from segbench.statistics.records import read_records, render
from unit.statistics.made import study, write_run
from unit.statistics.test_classes import brats
from unit.statistics.test_tables import BOWL, FORMATS, KIDNEY, bowl_value, kidney_value, tables

NAN = float("nan")


def rows_of(folder: Path, paths, one) -> list[dict[str, str]]:
    """The rows of the CSV of some scores."""
    outputs = {key: folder / f"t.{key}" for key in FORMATS}
    write_tables(paths, one, "t", False, outputs)
    return list(csv.DictReader(outputs["csv"].read_text().splitlines()))


def test_the_header_holds_the_columns_of_all_records_in_order():
    records = ({"a": "1", "b": "x,y"}, {"a": "2", "c": 'say "3"'})
    text = render(Table("t", "", "", "", (), (), False, records))
    assert text == 'a,b,c\n1,"x,y",\n2,,"say ""3"""\n'


def test_counts_of_each_class_and_those_in_common(tmp_path):
    """Arm p0 has values of 3 samples of hat, p1 of 2; 1 is common. Skin: 4, 4, 4."""
    one = study(preprocessing=("p0", "p1"), bootstrap=50)
    hat = {"p0": {"a": 0.9, "b": 0.3, "c": 0.0}, "p1": {"c": 0.4, "d": 0.8}}
    paths = []
    for prep, scored in hat.items():
        values = {(s, "hat", "iou"): scored.get(s, NAN) for s in "abcd"}
        values |= {(s, "skin", "iou"): 0.5 for s in "abcd"}
        paths.append(write_run(tmp_path / prep, one, values, {"preprocessing": prep}))
    first, second = rows_of(tmp_path, paths, one)
    counts = ("samples", "samples_common", "groups", "groups_common")
    assert [first[f"iou[hat]_{name}"] for name in counts] == ["3", "1", "3", "1"]
    assert [second[f"iou[hat]_{name}"] for name in counts] == ["2", "1", "2", "1"]
    assert [first[f"iou[skin]_{name}"] for name in counts] == ["4", "4", "4", "4"]
    assert (first["iou[hat]_mean"], first["iou[hat]_mean_common"]) == ("0.400000", "0.000000")
    assert (second["iou[hat]_mean"], second["iou[hat]_mean_common"]) == ("0.600000", "0.400000")
    assert (first["iou_mean"], first["iou_mean_common"]) == ("0.450000", "0.250000")
    assert (first["iou_samples"], first["iou_classes"], first["iou_classes_common"]) == (
        "4", "2", "2",
    )  # fmt: skip
    # In common: 0.25 and 0.45; by group: equal in a, b and d, -0.2 in c.
    assert (first["behind_best"], first["rank"]) == ("-0.200000", "2")
    assert first["behind_best_points"] == "0.000000 0.000000 -0.200000 0.000000"
    assert first["iou[hat]_points"] == "0.900000 0.300000 0.000000"
    assert first["behind_best_low"] == first["iou[hat]_low"] == ""


def test_what_cannot_be_tested_is_not_called_tied(tmp_path):
    one = study(preprocessing=("p0", "p1"))
    paths = [
        write_run(
            tmp_path / prep, one, {(s, "nucleus", "iou"): level for s in "abcd"},
            {"preprocessing": prep},
        )
        for prep, level in (("p0", 0.5), ("p1", 0.6))
    ]  # fmt: skip
    low, high = rows_of(tmp_path, paths, one)
    assert (low["tied_with_best"], high["tied_with_best"]) == ("cannot be tested", "yes")
    assert (low["p_best"], low["p_smallest"]) == ("0.125000", "0.125000")
    assert (high["p_best"], high["first_share"], high["first_groups"]) == ("", "", "4")
    assert high["rank_tau"] == ""


@pytest.fixture
def kidney(tmp_path) -> dict[str, str]:
    return tables(tmp_path, KIDNEY, kidney_value, generated=False)


@pytest.fixture
def bowl(tmp_path) -> dict[str, str]:
    parts = ("dsb_map", "dsb_ap@0.50", "dsb_ap@0.95")
    return tables(tmp_path, BOWL, bowl_value, generated=True, metrics=parts)


def test_the_csv_holds_all_of_it(tmp_path):
    plain, blend, cited = csv.DictReader(brats(tmp_path)["csv"].splitlines())
    assert float(plain["dice[WT]_mean"]) == pytest.approx(0.8)
    assert float(plain["dice[WT]_low"]) < 0.8 < float(plain["dice[WT]_high"])
    assert float(blend["dice[ET]_minus_published_1"]) == pytest.approx(0.62 - 0.631)
    assert (cited["kind"], cited["dice[TC]_mean"], cited["dice_mean"]) == (
        "published", "0.728000", "",
    )  # fmt: skip
    assert "dice_minus_published_1" not in plain
    # By the Dice the higher arm is first, although its other figure is the lower one.
    assert (plain["rank"], blend["rank"]) == ("2", "1")
    assert float(blend["hd95_mean"]) < float(plain["hd95_mean"])


def test_the_csv_reads_back(kidney):
    ours, better, published = csv.DictReader(kidney["csv"].splitlines())
    assert float(ours["iou_mean"]) == pytest.approx(0.675)
    assert float(better["iou_mean"]) == pytest.approx(0.735)
    assert float(better["iou_minus_published_1"]) == pytest.approx(0.735 - 0.941)
    assert float(ours["p_best"]) == pytest.approx(2 / 2**8, abs=1e-6)
    assert ours["tied_with_best"] == "no"
    assert float(ours["iou_low"]) < 0.675 < float(ours["iou_high"])
    assert (published["kind"], published["iou_mean"]) == ("published", "0.941000")
    assert published["published_spread"] == "0.047000"
    assert published["rank"] == published["recall_mean"] == ""


def test_seeds_in_the_csv(bowl):
    plain, split = csv.DictReader(bowl["csv"].splitlines())
    assert plain["seeds"] == "0 1"
    assert float(plain["dsb_map_seed_sd"]) == pytest.approx(0.06 / 2**0.5, abs=1e-6)
    assert float(split["dsb_ap@0.50_mean"]) == pytest.approx(0.37 + 0.03 + 0.04)
    assert (split["dsb_map_samples"], split["dsb_map_excluded"]) == ("7", "1")


def test_classes_have_columns_in_the_csv(tmp_path):
    one = study(preprocessing=("p",))
    values = {("a", "hat", "iou"): 1.0, ("a", "skin", "iou"): 0.5}
    path = write_run(tmp_path / "0", one, values)
    outputs = {key: tmp_path / key for key in FORMATS}
    write_tables([path], one, "s", False, outputs)
    (row,) = csv.DictReader(outputs["csv"].read_text().splitlines())
    assert (row["iou[hat]_mean"], row["iou[skin]_mean"]) == ("1.000000", "0.500000")
    assert row["iou_mean"] == "0.750000"
    assert row["iou_low"] == ""
    text = outputs["md"].read_text()
    assert "mean over samples of each class, then over the 2 classes" in text
    assert "No intervals: there is only one group." in text
    assert "The only arm, unet, reaches IoU 0.750." in text


def test_our_rows_are_read_back(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text('kind,model,iou_mean\npublished,,0.9\nours,"a, b",0.8\nours,c,\n')
    assert read_records(path, ("model",)) == [
        {"kind": "ours", "model": "a, b", "iou_mean": "0.8"},
        {"kind": "ours", "model": "c", "iou_mean": ""},
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "has no column kind, rank"), ("kind,model\nours,a\n", "has no column rank")],
)
def test_tables_without_a_column_are_refused(tmp_path: Path, text: str, says: str):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(SegbenchError, match=says):
        read_records(tmp_path / "t.csv", ("rank",))
    with pytest.raises(SegbenchError, match=r"none\.csv: cannot be read"):
        read_records(tmp_path / "none.csv", ())
