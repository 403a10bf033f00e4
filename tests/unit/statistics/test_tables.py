"""The tables as they are written, word by word."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.statistics import write_tables
from unit.statistics.made import PUBLISHED, study, write_all

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


def test_nothing_is_written_where_scores_are_missing(tmp_path):
    outputs = {key: tmp_path / key for key in FORMATS}
    with pytest.raises(SegbenchError, match="no scores"):
        write_tables([], KIDNEY, "s", False, outputs)
    assert list(tmp_path.iterdir()) == []
