"""Tables of many classes, of errors, of sweeps; published figures of classes beside ours."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from segbench.config.study import Published
from segbench.errors import SegbenchError
from segbench.statistics import write_tables
from segbench.statistics.citations import cite, in_order
from unit.statistics.made import study, write_run

FORMATS = ("csv", "md", "tex", "html")
EXPECTED = Path(__file__).parent / "expected"
REGIONS = {"WT": 0.8, "TC": 0.7, "ET": 0.6}


def published(metric: str, of_class: str | None, value: float, **more) -> Published:
    return Published(
        method=more.get("method", "3-D U-Net"), metric=metric, of_class=of_class,
        definition="mean over 48 test cases", value=value, source="the publication, table 2",
    )  # fmt: skip


BRATS = study(
    title="Brain tumours", question="Does blending help?", dataset="brats", preprocessing=("z",),
    models=("plain", "blend"), metrics=("dice", "hd95"), primary="dice", bootstrap=200,
    published=tuple(published("dice", name, value) for name, value in
                    (("WT", 0.796), ("TC", 0.728), ("ET", 0.631))),
)  # fmt: skip
SAMPLES = [f"BRATS_{n:03d}" for n in range(8)]


def brats(folder: Path, *, generated: bool = False) -> dict[str, str]:
    paths = []
    for model in BRATS.models:
        better = model == "blend"
        values = {}
        for n, sample in enumerate(SAMPLES):
            for region, level in REGIONS.items():
                values[sample, region, "dice"] = level + 0.02 * better + 0.01 * (n - 3.5)
                values[sample, region, "hd95"] = 20 * (1 - level) - 1.0 * better + n / 10
        paths.append(write_run(folder / f"{model}.parquet", BRATS, values, {"model": model}))
    return written(folder, paths, BRATS, generated=generated)


def written(folder: Path, paths, one, *, generated=False) -> dict[str, str]:
    outputs = {key: folder / "out" / f"t.{key}" for key in FORMATS}
    write_tables(paths, one, "t", generated, outputs)
    return {key: path.read_text() for key, path in outputs.items()}


def test_figures_of_classes_share_a_citation():
    rows = (
        published("iou", "hat", 0.3), published("iou", None, 0.4), published("iou", "skin", 0.5),
        published("recall", "skin", 0.6), published("iou", "skin", 0.7, method="other"),
    )  # fmt: skip
    found = cite(study(published=rows, metrics=("iou", "recall")))
    assert [(c.number, list(c.classes), c.row.value) for c in found] == [
        (1, ["hat", "skin"], 0.3), (2, [], 0.4), (3, ["skin"], 0.6), (4, ["skin"], 0.7),
    ]  # fmt: skip


def test_definitions_in_words_of_their_own_are_all_said():
    rows = [published("iou", name, 0.3).model_copy(update={"definition": f"IoU of {name}"})
            for name in ("hat", "skin")]  # fmt: skip
    (found,) = cite(study(published=tuple(rows)))
    assert found.definition == "IoU of hat; IoU of skin"
    (found,) = cite(study(published=(published("iou", None, 0.4),)))
    assert found.definition == "mean over 48 test cases"


def test_classes_stand_in_the_published_order_then_by_name():
    one = study(published=(published("iou", "skin", 0.5), published("iou", "hat", 0.5)))
    assert in_order({"hat", "coat", "skin", "bag"}, one) == ["skin", "hat", "bag", "coat"]


@pytest.mark.parametrize("kind", ["md", "tex", "html", "csv"])
def test_regions_beside_the_published_ones_word_by_word(tmp_path, kind):
    assert brats(tmp_path)[kind] == (EXPECTED / f"brats.{kind}").read_text()


def test_the_grid_of_the_classes(tmp_path):
    lines = brats(tmp_path)["md"].splitlines()
    start = lines.index("By class, Dice ↑, dice/per-image/empty-excluded:")
    head, _, first, second, third, mean = lines[start + 2 : start + 8]
    assert head == "| Class | Published [1] | plain | blend | Best \N{MINUS SIGN} [1] |"
    assert [line.split(" | ")[0] for line in (first, second, third)] == ["| WT", "| TC", "| ET"]
    assert first.startswith("| WT | 0.796 | 0.800 [")
    assert first.endswith("| +0.024 |")
    assert mean.startswith("| mean over classes | 0.718 | 0.700 [")
    start = lines.index("By class, HD95 (mm) ↓, hd95/surface-distance/empty-excluded:")
    assert lines[start + 2] == "| Class | plain | blend |"


def test_the_html_has_a_table_for_each_part(tmp_path):
    text = brats(tmp_path)["html"]
    assert text.count("<table>") == text.count("</table>") == 3
    assert '<th scope="col" class="figure">HD95 (mm) ↓<br>' in text
    assert '<th scope="row">WT</th>' in text


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


def test_generated_data_stand_beside_nothing(tmp_path):
    found = brats(tmp_path, generated=True)
    for text in found.values():
        assert "0.796" not in text
        assert "Published [" not in text
    lines = found["md"].splitlines()
    assert "By class, generated data, Dice ↑, dice/per-image/empty-excluded:" in lines
    assert "| Class | Data | plain | blend |" in lines
    # Their order is still the publication's.
    assert [line.split(" | ")[0] for line in lines if line.startswith(("| WT", "| TC", "| ET"))][
        :3
    ] == ["| WT", "| TC", "| ET"]


def test_every_line_of_a_grid_has_its_cells(tmp_path):
    for grid in brats(tmp_path)["tex"].split(r"\begin{tabular}")[1:]:
        columns = len(grid.split("}")[0].strip("{"))
        rows = [line for line in grid.splitlines() if line.endswith(r"\\")]
        assert {line.count("&") for line in rows} == {columns - 1}


def test_a_published_class_that_is_none(tmp_path):
    one = BRATS.model_copy(update={"published": (published("dice", "NCR", 0.5),)})
    values = {("a", "WT", metric): 0.5 for metric in one.metrics}
    paths = [write_run(tmp_path / m, one, values, {"model": m}) for m in one.models]
    with pytest.raises(SegbenchError, match="'3-D U-Net' is of the class 'NCR'"):
        written(tmp_path, paths, one)
    written(tmp_path, paths, one, generated=True)


def sweep(folder: Path, points: int, primary: str = "log_loss") -> dict[str, str]:
    """Point n has the accuracy of n / 50 and the loss of points - n."""
    models = tuple(f"point-{n:02d}" for n in range(points))
    one = study(
        preprocessing=("p",), models=models, metrics=("accuracy", "f1", "log_loss"),
        primary=primary, bootstrap=100,
    )  # fmt: skip
    paths = []
    for n, model in enumerate(models):
        values = {}
        for k in range(12):
            values[f"s{k}", "all", "accuracy"] = n / 50 + k / 100
            values[f"s{k}", "all", "log_loss"] = points - n + k / 100
            for tissue in ("colon", "liver"):
                values[f"s{k}", tissue, "f1"] = (n / 50, 2.0)
        paths.append(write_run(folder / f"{n}.parquet", one, values, {"model": model}))
    return written(folder, paths, one)


def test_a_sweep_is_sorted_and_shows_classes_of_the_best(tmp_path):
    text = sweep(tmp_path, 20)["md"]
    arms = [line for line in text.splitlines() if line.startswith(("| point", "| **point"))]
    assert len(arms) == 20
    assert arms[0].startswith("| **point-19**")
    assert arms[-1].startswith("| point-00 |")
    assert "| Class | point-19 | point-18 | point-17 | point-16 | point-15 | point-14 |" in text
    assert "the 6 best of 20 arms, all of them in the CSV" in text
    assert "| Model | Accuracy ↑<br>`accuracy` | F1 ↑<br>" in text
    assert "| Log loss ↓<br>`log-loss/natural` |" in text
    assert "the arm with the lowest Log loss" in text
    assert "cannot be told apart from 19 other arms" in text or "any other" in text
    # The best of the errors is the lowest; the others are behind by what they have more.
    assert "| 1.000 [" in arms[1]


def test_a_few_arms_stay_in_the_order_of_the_study(tmp_path):
    text = sweep(tmp_path, 4)["md"]
    arms = [line for line in text.splitlines() if "point" in line and line.startswith("| ")]
    assert arms[0].startswith("| point-00 |")
    assert "| Class | point-00 | point-01 | point-02 | point-03 |" in text
    # Four arms have no room for intervals in the grid of the classes.
    assert "| colon | 0.000 | 0.020 | 0.040 | 0.060 |" in text


def test_arrows_only_where_some_point_down(tmp_path):
    one = study(preprocessing=("p",), metrics=("accuracy",), primary="accuracy")
    path = write_run(tmp_path / "0", one, {("a", "all", "accuracy"): 1.0})
    text = written(tmp_path, [path], one)["md"]
    assert "↑" not in text
    assert "By class" not in text


def test_parts_of_the_competitions_score(tmp_path):
    one = study(
        preprocessing=("p",), metrics=("uw_mlebench", "dice"), primary="uw_mlebench", bootstrap=50
    )
    values = {}
    for case in "abc":
        values[f"{case}1", "stomach", "dice"] = 0.5
        values[f"{case}1", "bowel", "dice"] = 0.7
        values[case, "Dice", "uw_mlebench"] = (0.5, 2.0)
        values[case, "1 - Hausdorff", "uw_mlebench"] = 0.75
        values[case, "all", "uw_dice@mlebench"] = (0.5, 2.0)
        values[case, "all", "uw_hausdorff@mlebench"] = 0.25
    path = write_run(tmp_path / "0", one, values, group=lambda sample: sample[0])
    found = written(tmp_path, [path], one)
    text = found["md"]
    assert "Parts of Score (mle-bench), uw-dice/mle-bench, uw-hausdorff/mle-bench:" in text
    assert "| Model | Dice (mle-bench) ↑ | Hausdorff (mle-bench) ↓ |" in text
    assert "| unet | 0.500 | 0.250 |" in text.replace("**", "")
    assert "Score (mle-bench) 0.650" in text
    assert "By class, Score" not in text
    assert "By class, Dice ↑, dice/per-image/empty-excluded:" in text
    assert "- uw-hausdorff/mle-bench: largest distance" in text
    (row,) = csv.DictReader(found["csv"].splitlines())
    assert (row["uw_mlebench_samples"], row["dice_samples"]) == ("3", "3")
    assert float(row["uw_mlebench_mean"]) == pytest.approx(0.65)
