"""Tables of many classes, of errors, of sweeps; published figures of classes beside ours."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from segbench.config.study import Published
from segbench.statistics import write_tables
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


@pytest.mark.parametrize("kind", ["md", "tex", "html", "csv"])
def test_regions_beside_the_published_ones_word_by_word(tmp_path, kind):
    assert brats(tmp_path)[kind] == (EXPECTED / f"brats.{kind}").read_text()


def test_the_grid_of_the_classes(tmp_path):
    lines = brats(tmp_path)["md"].splitlines()
    start = lines.index("By class, Dice ↑, dice/per-image/empty-excluded:")
    head, _, first, second, third, mean = lines[start + 2 : start + 8]
    assert head == (
        "| Class | Published [1] | plain | n / in common | blend | n / in common | "
        "Best \N{MINUS SIGN} [1] |"
    )
    assert [line.split(" | ")[0] for line in (first, second, third)] == ["| WT", "| TC", "| ET"]
    assert first.startswith("| WT | 0.796 | 0.800 [")
    assert first.endswith("| +0.024 |")
    assert mean.startswith("| mean over classes | 0.718 | 0.700 [")
    start = lines.index("By class, HD95 (mm) ↓, hd95/surface-distance/empty-excluded:")
    assert lines[start + 2] == "| Class | plain | n / in common | blend | n / in common |"


def test_the_html_has_a_table_for_each_part(tmp_path):
    text = brats(tmp_path)["html"]
    assert text.count("<table>") == text.count("</table>") == 3
    assert '<th scope="col" class="figure">HD95 (mm) ↓<br>' in text
    assert '<th scope="row">WT</th>' in text


def test_generated_data_stand_beside_nothing(tmp_path):
    found = brats(tmp_path, generated=True)
    for text in found.values():
        assert "0.796" not in text
        assert "Published [" not in text
    lines = found["md"].splitlines()
    assert "By class, generated data, Dice ↑, dice/per-image/empty-excluded:" in lines
    assert "| Class | Data | plain | n / in common | blend | n / in common |" in lines
    # Their order is still the publication's.
    assert [line.split(" | ")[0] for line in lines if line.startswith(("| WT", "| TC", "| ET"))][
        :3
    ] == ["| WT", "| TC", "| ET"]


def test_every_line_of_a_grid_has_its_cells(tmp_path):
    for grid in brats(tmp_path)["tex"].split(r"\begin{tabular}")[1:]:
        columns = len(grid.split("}")[0].strip("{"))
        rows = [line for line in grid.splitlines() if line.endswith(r"\\")]
        assert {line.count("&") for line in rows} == {columns - 1}


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
    across = [f"point-{n} | n / in common" for n in (19, 18, 17, 16, 15, 14)]
    assert f"| Class | {' | '.join(across)} |" in text
    assert "the 6 best of 20 arms, all of them in the CSV" in text
    assert "| Model | Accuracy ↑<br>`accuracy` | F1 ↑<br>" in text
    assert "| Log loss ↓<br>`log-loss/natural` |" in text
    assert "Not tested at the level 0.05: with 12 groups and 190 comparisons" in text
    # 190 comparisons * 2 / 2**12.
    assert "no difference can be tested (smallest attainable p 0.0928)" in text
    assert text.count("| cannot be tested |") == 19
    # The best of the errors is the lowest; the others are behind by what they have more.
    assert "| 1.000 [" in arms[1]


def test_a_few_arms_stay_in_the_order_of_the_study(tmp_path):
    text = sweep(tmp_path, 4)["md"]
    arms = [line for line in text.splitlines() if "point" in line and line.startswith("| ")]
    assert arms[0].startswith("| point-00 |")
    across = [f"point-{n:02d} | n / in common" for n in range(4)]
    assert f"| Class | {' | '.join(across)} |" in text
    # Four arms have no room for intervals in the grid of the classes.
    assert (
        "| colon | 0.000 | 12 / 12 | 0.020 | 12 / 12 | 0.040 | 12 / 12 | 0.060 | 12 / 12 |" in text
    )


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
    assert "| Model | Dice (mle-bench) ↑ | Hausdorff (mle-bench) ↓ | Samples |" in text
    assert "| unet | 0.500 | 0.250 | 3 |" in text.replace("**", "")
    assert "Score (mle-bench) 0.650" in text
    assert "By class, Score" not in text
    assert "By class, Dice ↑, dice/per-image/empty-excluded:" in text
    assert "- uw-hausdorff/mle-bench: largest distance" in text
    (row,) = csv.DictReader(found["csv"].splitlines())
    assert (row["uw_mlebench_samples"], row["dice_samples"]) == ("3", "3")
    assert float(row["uw_mlebench_mean"]) == pytest.approx(0.65)


def test_where_arms_differ_in_their_samples_those_in_common_are_shown(tmp_path):
    """Two classes, three samples: of hat arm a has all three, b the first and the second."""
    one = study(preprocessing=("a", "b"), bootstrap=50)
    hat = {"a": (0.9, 0.3, 0.0), "b": (0.4, 0.6, float("nan"))}
    paths = []
    for prep, values in hat.items():
        found = {(f"s{n}", "hat", "iou"): value for n, value in enumerate(values)}
        found |= {(f"s{n}", "skin", "iou"): 0.5 for n in range(3)}
        paths.append(write_run(tmp_path / prep, one, found, {"preprocessing": prep}))
    lines = written(tmp_path, paths, one)["md"].splitlines()
    start = lines.index("By class, IoU, iou/per-image/empty-excluded:")
    assert lines[start + 4 : start + 7] == [
        "| hat | 0.400 {0.900, 0.300, 0.000} | 3 / 2 | 0.500 {0.400, 0.600} | 2 / 2 |",
        "| skin | 0.500 {0.500, 0.500, 0.500} | 3 / 3 | 0.500 {0.500, 0.500, 0.500} | 3 / 3 |",
        "| mean over classes | 0.450 {0.700, 0.400, 0.250} | 2 / 2 classes | "
        "0.500 {0.450, 0.550, 0.500} | 2 / 2 classes |",
    ]
    start = lines.index(
        "By class, on the samples common to both arms where these differ, IoU, "
        "iou/per-image/empty-excluded:"
    )
    assert lines[start + 2 : start + 6] == [
        "| Class | n in common | a | b |",
        "| --- | ---: | ---: | ---: |",
        "| hat | 2 | 0.600 {0.900, 0.300} | 0.500 {0.400, 0.600} |",
        "| mean over classes | 2 classes | 0.550 {0.700, 0.400, 0.500} | "
        "0.500 {0.450, 0.550, 0.500} |",
    ]
    # Over its own samples b would be first.
    (answer,) = [line for line in lines if line.startswith("**Which")]
    assert "The arm a is first with IoU 0.550" in answer


def test_one_arm_has_nothing_in_common(tmp_path):
    one = study(preprocessing=("a",))
    values = {(s, c, "iou"): 0.5 for s in "xy" for c in ("hat", "skin")}
    text = written(tmp_path, [write_run(tmp_path / "0", one, values)], one)["md"]
    assert "| Class | unet | n |" in text
    assert "| hat | 0.500 {0.500, 0.500} | 2 |" in text
    assert "| mean over classes | 0.500 {0.500, 0.500} | 2 classes |" in text
    assert "in common" not in text
