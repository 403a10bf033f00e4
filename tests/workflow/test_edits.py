"""Every row of docs/reference/edits.md, run for real: compute exactly what changed."""

from __future__ import annotations

import os
import shutil

import cv2
import pytest

from workflow.project import ROOT, Project

pytestmark = pytest.mark.workflow

#: Cheap or without a result: these always do their work.
UNSTORED = frozenset({"acquire", "inventory", "report"})

RAW = "data/raw/kidney_nuclei/02_ImageDataset/01_Mouse_B6J_Kidney_Nucleus_All_ver190903"


def table_rows():
    """The rows of the table: edit -> (computed, restored)."""
    rows = {}
    for line in (ROOT / "docs/reference/edits.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and set(cells[0]) != {"-"}:
            edit, *sets = cells
            rows[edit] = tuple(
                frozenset(name.strip() for name in cell.split(",") if name.strip()) for cell in sets
            )
    del rows["edit"]
    return rows


ROWS = table_rows()


def first_image(project, folder):
    return sorted(project.path(f"{RAW}/{folder}").glob("*.png"))[0]


def darken(path):
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(path), image // 2)


def replace(name, old, new):
    return lambda project: project.edit(name, old, new)


def append(name, text):
    return lambda project: project.write(name, project.path(name).read_text() + text)


def touch(project):
    os.utime(first_image(project, "2nd_Train/1_Train"))


def change_training_image(project):
    name = first_image(project, "2nd_Train/1_Train").name
    for folder in ("1st_Train", "2nd_Train"):
        path = project.path(f"{RAW}/{folder}/1_Train/{name}")
        if path.exists():
            darken(path)


def change_test_image(project):
    darken(first_image(project, "3_Test"))


def add_test_image(project):
    for folder in ("3_Test", "4_Test_GT"):
        path = first_image(project, folder)
        twin = path.with_name("NepKid_99-000.png")
        shutil.copy(path, twin)
    image = cv2.imread(str(project.path(f"{RAW}/3_Test/NepKid_99-000.png")), -1)
    cv2.imwrite(str(project.path(f"{RAW}/3_Test/NepKid_99-000.png")), 255 - image)


def remove_test_image(project):
    name = first_image(project, "3_Test").name
    for folder in ("3_Test", "4_Test_GT"):
        project.path(f"{RAW}/{folder}/{name}").unlink()


def another_version(project):
    """A newer Matplotlib, as far as the metadata of packages say."""
    info = project.path("site/matplotlib-99.0.dist-info")
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: matplotlib\nVersion: 99.0\n")
    (info / "top_level.txt").write_text("matplotlib\n")


def move_function(project):
    """The function of a module, with its imports, in a new module; the importer adapted."""
    project.write("scripts/segbench/imaging/contrast.py", project.path(CLAHE).read_text())
    project.path(CLAHE).unlink()
    project.edit(
        "scripts/segbench/imaging/steps.py",
        "from segbench.imaging.clahe import equalise",
        "from segbench.imaging.contrast import equalise",
    )


def import_another(project):
    """The same statements, but one name in them means another function."""
    project.write(
        "scripts/segbench/metrics/counting.py",
        "from segbench.metrics.counts import Counts, contingency\n\n\n"
        "def counts_of(table, label):\n"
        "    tp = int(table[label, label])\n"
        "    return Counts(tp, 2 * int(table[:, label].sum()), int(table[label].sum()))\n",
    )
    project.edit(
        "scripts/segbench/metrics/case.py",
        "from segbench.metrics.counts import Counts, contingency, counts_of, mask_counts",
        "from segbench.metrics.counting import counts_of\n"
        "from segbench.metrics.counts import Counts, contingency, mask_counts",
    )


def add_network(project):
    """A network like the U-Net, of a name of its own."""
    unet = "scripts/segbench/models/networks/unet.py"
    text = project.path(unet).read_text(encoding="utf-8")
    project.write(unet.replace("unet", "plain"), text.replace("unet", "plain"))
    project.edit(
        "scripts/segbench/models/kinds.py",
        "AnyNetwork = Annotated[UNet |",
        "from segbench.models.networks.plain import UNet as Plain\n\n"
        "AnyNetwork = Annotated[UNet | Plain |",
    )


MODEL = "config/models/tiny.yaml"
CLAHE = "scripts/segbench/imaging/clahe.py"
EDITS = {
    "nothing": lambda project: None,
    "comment, docstring or layout of a module": replace(
        CLAHE, '"""Equalise the histogram of', '"""Make even the histogram of'
    ),
    "function that the rule does not reach": append(CLAHE, "def unused() -> int:\n    return 1\n"),
    "refactor without effect, in preprocessing": replace(
        CLAHE, "    return levels", "    found = levels\n    return found"
    ),
    "function moved to another module": move_function,
    "import that brings another function": import_another,
    "code of a metric": replace(
        "scripts/segbench/metrics/overlap.py",
        "_ratio(counts.tp, counts.tp + counts.fp + counts.fn,",
        "_ratio(counts.tp, counts.tp + counts.fp + 3 * counts.fn,",
    ),
    "code of the loss": replace(
        "scripts/segbench/models/losses.py", "1 - (2 * both", "1 - (2.5 * both"
    ),
    "another network added, which no recipe uses": add_network,
    "learning rate in a model recipe": replace(
        MODEL, "batch: 2", "batch: 2, optimizer: {learning_rate: 2e-3}"
    ),
    "threshold in a model recipe": append(MODEL, "instances: {threshold: 0.4}\n"),
    "pixel spacing of a dataset, which no recipe uses": append(
        "config/datasets/kidney_nuclei.yaml", "spacing_um: [0.5, 0.5]\n"
    ),
    "description in a recipe": append(MODEL, "description: tiny\n"),
    "raw file touched": touch,
    "raw file of the training set changed": change_training_image,
    "raw file of the test set changed": change_test_image,
    "raw files of a test sample added": add_test_image,
    "raw files of a test sample removed": remove_test_image,
    "version of a package that only the pictures need": another_version,
}


def test_the_table_and_the_edits_agree():
    assert list(ROWS) == list(EDITS)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A finished run of the tiny study."""
    folder = tmp_path_factory.mktemp("edits")
    made = Project(folder / "checkout", folder / "store").tiny()
    first = made.snakemake(PYTHONPATH=str(made.path("site")))
    assert not first.restored
    assert first.computed >= {"acquire", "train", "score", "tabulate", "report"}
    return made


@pytest.fixture
def backup(project, tmp_path):
    """Take an edit back when its test is over."""
    kept = {part: tmp_path / part for part in ("scripts", "config", "data/raw")}
    for part, place in kept.items():
        shutil.copytree(project.path(part), place)

    def restore():
        for part, place in kept.items():
            shutil.rmtree(project.path(part))
            shutil.copytree(place, project.path(part))
        shutil.rmtree(project.path("site"), ignore_errors=True)

    yield restore
    restore()


@pytest.mark.parametrize("edit", list(EDITS))
def test_an_edit_computes_exactly_its_row(project, backup, edit):
    computed, restored = ROWS[edit]
    tables = {path.name: path.read_bytes() for path in project.path("tables").iterdir()}
    EDITS[edit](project)
    run = project.snakemake(PYTHONPATH=str(project.path("site")))
    assert (run.computed, run.restored) == (computed, restored)
    if not computed:
        assert "Nothing to be done" in run.output
    backup()
    back = project.snakemake(PYTHONPATH=str(project.path("site")))
    assert back.computed <= UNSTORED, "changed back: everything is in the store"
    assert {path.name: path.read_bytes() for path in project.path("tables").iterdir()} == tables


def test_a_metric_in_millimetres_trains_nothing_again(project, backup):
    EDITS["pixel spacing of a dataset, which no recipe uses"](project)
    assert "train" not in project.snakemake().computed
    project.edit("config/studies/tiny.yaml", "[iou, dice]", "[iou, dice, nsd_1mm]")
    run = project.snakemake()
    assert run.computed == {"score", "tabulate", "draw_overlays", "report"}
    assert run.restored == set()


def test_another_branch_and_back(project, backup):
    """Two branches with different recipes share the store."""
    EDITS["learning rate in a model recipe"](project)
    assert "train" not in project.snakemake().computed, "the row above has computed it"
    backup()
    assert project.snakemake().computed <= UNSTORED


def test_a_second_checkout_computes_nothing_heavy(project, tmp_path):
    second = Project(tmp_path / "second", project.store).tiny()
    run = second.snakemake()
    assert run.computed <= UNSTORED
    assert run.restored >= {"preprocess", "train", "predict", "score", "tabulate"}
    for path in project.path("tables").iterdir():
        assert (second.path("tables") / path.name).read_bytes() == path.read_bytes()
    third = second.snakemake()
    assert "Nothing to be done" in third.output, "what was restored does not look outdated"
    assert "Nothing to be done" in project.snakemake().output, "nor does the first checkout"


def test_a_damaged_entry_is_found_and_recomputed(project, tmp_path):
    model = next(project.folder.glob("results/**/model.keras"))
    before = model.read_bytes()
    for path in project.store.glob("objects/*/*"):
        if path.read_bytes() == before:
            path.chmod(0o644)
            path.write_bytes(b"damaged")
    second = Project(tmp_path / "second", project.store).tiny()
    run = second.snakemake()
    assert run.computed - UNSTORED == {"train"}
    restored = next(second.folder.glob("results/**/model.keras"))
    assert restored.read_bytes() == before, "the same bytes again"
