"""The tables as they are written, word by word."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.statistics import write_tables
from unit.statistics.made import PUBLISHED, study, write_all, write_run

EXPECTED = Path(__file__).parent / "expected"
FORMATS = ("csv", "md", "tex", "html")
SAMPLES = [f"x{n}" for n in range(8)]
KIDNEY = study(published=(PUBLISHED,), metrics=("iou", "recall"))
BOWL = study(
    title="Nuclei & <splits>",
    question="Does splitting_ help by 5 %?",
    dataset="dsb2018",
    preprocessing=("native",),
    models=("plain", "split"),
    metrics=("dsb_map",),
    primary="dsb_map",
    seeds=(0, 1),
)


def kidney_value(prep, _aug, _model, _seed, sample, metric):
    """IoU 0.50, 0.55 ... 0.85, larger input 0.06 better; recall is 0.12 higher."""
    number = SAMPLES.index(sample)
    return 0.5 + number * 0.05 + 0.06 * (prep == "em-256") + 0.12 * (metric == "recall")


def bowl_value(_prep, _aug, model, seed, sample, metric):
    """The last sample is left out; seeds differ by 0.06."""
    if sample == "x7":
        return float("nan")
    at = float(metric.removeprefix("dsb_ap@")) if "@" in metric else 0.7
    return 0.25 + 0.12 * (model == "split") + 0.06 * seed - (at - 0.7) / 5


def tables(folder: Path, one, value, *, generated: bool, metrics=()) -> dict[str, str]:
    """Write the tables of a study and read them back."""
    paths = write_all(folder, one, value, SAMPLES, metrics=metrics)
    outputs = {key: folder / "out" / f"t.{key}" for key in FORMATS}
    write_tables(paths, one, "kidney_input_size", generated, outputs)
    return {key: path.read_text() for key, path in outputs.items()}


@pytest.fixture
def kidney(tmp_path) -> dict[str, str]:
    return tables(tmp_path, KIDNEY, kidney_value, generated=False)


@pytest.fixture
def miniature(tmp_path) -> dict[str, str]:
    return tables(tmp_path, KIDNEY, kidney_value, generated=True)


@pytest.fixture
def bowl(tmp_path) -> dict[str, str]:
    parts = ("dsb_map", "dsb_ap@0.50", "dsb_ap@0.95")
    return tables(tmp_path, BOWL, bowl_value, generated=True, metrics=parts)


@pytest.mark.parametrize(
    ("made", "file"),
    [
        ("kidney", "kidney.md"),
        ("kidney", "kidney.tex"),
        ("kidney", "kidney.csv"),
        ("miniature", "miniature.html"),
        ("bowl", "bowl.md"),
    ],
)
def test_the_text_is_as_expected_word_by_word(request, made, file):
    """Beside a published row; of generated data; with seeds, parts and excluded samples."""
    text = request.getfixturevalue(made)[Path(file).suffix[1:]]
    assert text == (EXPECTED / file).read_text()


def test_generated_data_are_labelled_everywhere_and_never_beside_published_figures(miniature):
    for text in miniature.values():
        assert "generated" in text
        assert "0.047" not in text
        assert "kumeS" not in text
    assert "(generated data)" in miniature["md"].splitlines()[0]
    assert r"\caption{Kidney nuclei by input size (generated data)" in miniature["tex"]
    rows = list(csv.DictReader(miniature["csv"].splitlines()))
    assert {row["data"] for row in rows} == {"generated"}
    assert {row["kind"] for row in rows} == {"ours"}
    assert "1 published row left out" in miniature["tex"]


def test_the_second_grid_of_generated_data_is_labelled_too(bowl):
    for line in bowl["md"].splitlines():
        if line.startswith(("| plain", "| **split")):
            assert "generated" in line


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


def test_the_bytes_are_the_same_again(tmp_path, kidney):
    again = tables(tmp_path / "again", KIDNEY, kidney_value, generated=False)
    assert again == kidney


def test_every_row_has_as_many_cells_as_columns(bowl, tmp_path):
    for text in (bowl["md"],):
        counts = {line.count("|") for line in text.splitlines() if line.startswith("| ")}
        assert len(counts) == 2  # one a grid
    body = bowl["tex"].split(r"\begin{tabular}")[1:]
    for grid in body:
        columns = len(grid.split("}")[0].strip("{"))
        rows = [line for line in grid.splitlines() if line.endswith(r"\\")]
        assert rows
        assert {line.count("&") - line.count(r"\&") for line in rows} == {columns - 1}


def test_latex_escapes_what_it_must(bowl):
    assert r"Nuclei \& \textless{}splits\textgreater{}" in bowl["tex"]
    assert r"splitting\_ help by 5 \%?" in bowl["tex"]


def test_markdown_escapes_what_it_must(bowl):
    assert bowl["md"].startswith("# Nuclei & \\<splits\\> (generated data)\n")
    assert "**Does splitting\\_ help by 5 %?**" in bowl["md"]


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
    assert "No intervals: they need two groups or more, and there is one." in text
    assert "The only arm, unet, reaches IoU 0.750." in text


def test_a_format_without_a_path(tmp_path):
    with pytest.raises(SegbenchError, match="study s: no output for 'html'"):
        write_tables([], KIDNEY, "s", False, {key: tmp_path / key for key in FORMATS[:3]})


def test_a_published_row_of_another_metric(tmp_path):
    one = study(published=(PUBLISHED.model_copy(update={"metric": "dice"}),))
    with pytest.raises(SegbenchError, match="'kumeS U-Net' has the metric 'dice'"):
        write_tables([], one, "s", False, {key: tmp_path / key for key in FORMATS})


def test_nothing_is_written_where_scores_are_missing(tmp_path):
    outputs = {key: tmp_path / key for key in FORMATS}
    with pytest.raises(SegbenchError, match="no scores"):
        write_tables([], KIDNEY, "s", False, outputs)
    assert list(tmp_path.iterdir()) == []
