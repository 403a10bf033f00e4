"""The tutorial on one's own data, run as it stands."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest
import yaml
from PIL import Image
from scipy import ndimage

from workflow.project import ROOT, Project

pytestmark = pytest.mark.workflow

TUTORIAL = (ROOT / "docs/tutorial/your-own-data.md").read_text()
FOLDER = "data/my_cells"
MAIN = ("--configfile", "config/my.yaml")


def blocks():
    """The YAML files of the tutorial: path -> text."""
    found = {}
    for text in re.findall(r"```yaml\n(.*?)```", TUTORIAL, re.DOTALL):
        name = re.match(r"# (config/\S+\.yaml)\n", text)
        assert name, "each YAML block of the tutorial begins with its path"
        found[name[1]] = text
    return found


def cells(seed):
    """A picture of bright blobs, and where they are; two images of one mouse look alike."""
    rng = np.random.default_rng(seed)
    height, width = 64 + 4 * (seed % 3), 72
    noise = ndimage.gaussian_filter(rng.standard_normal((height, width)), 5)
    mask = noise > np.quantile(noise, 0.8)
    ground = 90 + 10 * rng.standard_normal((height, width))
    picture = np.clip(ground + 60 * mask, 0, 255).astype(np.uint8)
    return np.dstack([picture, picture // 2, 255 - picture]), mask


def write(project):
    """The folder, the sheet and the files of the tutorial."""
    lines = [re.search(r"```csv\n(.*)\n", TUTORIAL)[1]]
    for number in range(1, 13):
        image, mask = cells(number)
        name, kind = f"cell_{number:02d}", ("control", "treated")[number % 2]
        for place, pixels in (
            ("images/{}.png", image),
            ("masks/{}_mask.png", mask * np.uint8(255)),
        ):
            path = project.path(f"{FOLDER}/{place.format(name)}")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
        lines.append(f"{name},mouse-{(number + 1) // 2},train,{kind},0.0005,0.0005")
    project.write(f"{FOLDER}/sheet.csv", "\n".join(lines) + "\n")
    project.path(f"{FOLDER}/images/._cell_01.png").write_bytes(b"junk")


def commands():
    """What the tutorial types: to inspect, to look at the plan, to compute."""
    found = re.findall(r"^snakemake (.*?)(?:\s+#.*)?$", TUTORIAL, re.MULTILINE)
    assert len(found) == 3
    return [command.split() for command in found]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    project = Project(folder / "checkout", folder / "store")
    write(project)
    project.inspected = [project.snakemake(*commands()[0]).output for _ in range(2)]
    project.proposed = yaml.safe_load(project.path("config/datasets/my_cells.yaml").read_text())
    for name, text in blocks().items():
        project.write(name, text)
    return project


def test_the_first_look_proposes_what_the_tutorial_writes(project):
    shown = re.search(r"```\n(data/my_cells: .*?)```", TUTORIAL, re.DOTALL)[1]
    for output in project.inspected:  # each time anew
        for line in shown.splitlines():
            assert line.strip() in {"", "..."} or line in output.splitlines(), line
    written = yaml.safe_load(blocks()["config/datasets/my_cells.yaml"])
    for key in ("format", "task", "layout", "source", "folder"):
        assert project.proposed[key] == written[key]
    assert project.proposed["classes"][0]["labels"] == written["classes"][0]["labels"] == [255]
    assert "name=OTHER" not in project.inspected[1], "the same is written again"
    assert "kept as they are" in project.snakemake(*commands()[0]).output
    assert (
        project.path("config/datasets/my_cells.yaml").read_text()
        == blocks()["config/datasets/my_cells.yaml"]
    )


def samples(project):
    with project.path("my/results/my_cells/samples.tsv").open(newline="") as handle:
        return {row["sample"]: row for row in csv.DictReader(handle, delimiter="\t")}


def test_a_mistake_is_told_and_mended_before_anything_is_trained(project):
    """A JPEG mask among the others, as the tutorial shows."""
    good = project.path(f"{FOLDER}/masks/cell_03_mask.png")
    pixels = good.read_bytes()
    with Image.open(good) as mask:
        mask.convert("L").save(good.with_suffix(".jpg"), quality=50)
    good.unlink()
    run = project.snakemake("results/my_cells/samples.tsv", *MAIN, expect=1)
    assert "cell_03_mask.jpg: a JPEG mask with " in run.output
    assert "expected: 0 (background), 255 (cell)" in run.output
    assert "JPEG does not keep labels" in run.output
    assert not list(project.path("my").glob("results/**/model.keras"))
    good.with_suffix(".jpg").unlink()
    good.write_bytes(pixels)
    project.snakemake("results/my_cells/samples.tsv", *MAIN)
    rows = samples(project)
    assert sorted(rows) == [f"cell_{number:02d}" for number in range(1, 13)]
    assert len({row["group"] for row in rows.values()}) == 6
    assert rows["cell_03"]["stratum"] == "treated"
    assert rows["cell_03"]["classes"] == "cell"
    assert float(rows["cell_03"]["spacing_y_mm"]) == 0.0005


def test_a_config_that_does_not_fit_is_told_before_anything_is_run(project):
    text = project.path("config/datasets/my_cells.yaml").read_text()
    project.edit("config/datasets/my_cells.yaml", "mask_suffix", "mask_sufix")
    run = project.snakemake(*MAIN, "-n", expect=1)
    assert "mask_sufix" in run.output
    assert "mask_suffix" in run.output
    project.write("config/datasets/my_cells.yaml", text)


def test_the_tutorials_commands_end_in_its_table(project):
    for command in commands()[1:]:
        project.snakemake(*command)
    assert len(list(project.path("my").glob("results/**/model.keras"))) == 4, "2 arms, 2 folds"
    with project.path("my/tables/my_cells.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert {row["augmentation"] for row in rows} == {"none", "jitter-folder"}
    for row in rows:
        assert row["data"] != "generated"
        assert float(row["dice_groups"]) == 6
    assert max(float(row["dice_mean"]) for row in rows) > 0.6, "everything is a cell: 0.33"


def test_no_mouse_is_on_both_sides(project):
    with project.path("my/results/my_cells/folds-cross-validation.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    roles = {}
    for row in rows:
        roles.setdefault((row["fold"], row["group"]), set()).add(row["role"])
    assert all(len(some) == 1 for some in roles.values())


def test_a_changed_image_is_seen_and_an_untouched_folder_is_not(project):
    assert "Nothing to be done" in project.snakemake("my_cells", *MAIN).output
    path = project.path(f"{FOLDER}/images/cell_04.png")
    with Image.open(path) as image:
        turned = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    turned.save(path)
    before = samples(project)["cell_04"]["image_sha256"]
    project.snakemake("results/my_cells/samples.tsv", *MAIN)
    assert samples(project)["cell_04"]["image_sha256"] != before
