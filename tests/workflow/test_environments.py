"""Unusual folders and disks: a run works there, or is refused with the reason."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import time
import unicodedata
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workflow.project import Project

pytestmark = pytest.mark.workflow

ODD = '-it\'s "ünïcodé 文字" 100% $HOME `x` #[1]*; \\ \n&'
RUN = "results/kidney_nuclei/prep-tiny/aug-none/tiny/seed-0/published/fold-0"
SAMPLES = "results/kidney_nuclei/samples.tsv"
RUNS = ".snakemake/segbench-runs.json"
ROOT_USER = os.getuid() == 0
needs_mount = pytest.mark.skipif(not ROOT_USER, reason="only root may mount a small disk")

#: Root disregards modes; without these rights it is a user like others.
AS_USER = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    if ROOT_USER
    else []
)
needs_modes = pytest.mark.skipif(
    ROOT_USER and shutil.which("setpriv") is None, reason="root without setpriv: modes mean nothing"
)


def launch(project, *arguments, before=(), umask=-1, cwd=None, **environment):
    """Start a run; `before` stands before the command."""
    return subprocess.Popen(
        [*before, *project.command(*arguments)],
        cwd=cwd or project.folder,
        env={**project.environment(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        umask=umask,
    )


def end(process, expect=0):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == expect, output[-6000:]
    return output


def digests(folder):
    """Content of all results that may not depend on the place."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in ("results", "tables")
        for path in folder.glob(f"{part}/**/*")
        if path.is_file() and not path.name.endswith("cost.json")
    }


@contextmanager
def small_disk(folder, size):
    """A disk of its own size; yields what makes it larger."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    grow = ["mount", "-o", "remount,size=200m", str(folder)]
    try:
        yield lambda: subprocess.run(grow, check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("places")


@pytest.fixture(scope="module")
def together(place):
    """Two checkouts, two studies that share what they train, one store, at the same time."""
    first = Project(place / "first", place / "store").tiny()
    second = Project(place / "second", place / "store").tiny()
    second.edit("config/config.yaml", "tiny: {}", "other: {}")
    second.edit("config/studies/tiny.yaml", "metrics: [iou, dice]", "metrics: [dice]")
    second.edit("config/studies/tiny.yaml", "primary: iou", "primary: dice")
    second.path("config/studies/tiny.yaml").rename(second.path("config/studies/other.yaml"))
    one = launch(first, "tables/tiny.csv", "--cores", "1")
    two = launch(second, "tables/other.csv", "--cores", "1")
    deadline = time.monotonic() + 120
    while not first.path("data/acquired/kidney_nuclei.json").exists():
        assert one.poll() is None, one.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    beside = {
        "run": first.snakemake("tables/tiny.csv", expect=1),
        "unlock": first.snakemake("--unlock", expect=1),
        "pid": one.pid,
        "record": first.path(RUNS).read_text(),
    }
    beside["looks"] = launch(first, "-n", SAMPLES)
    beside["looks"].communicate(timeout=120)
    beside["record after"] = first.path(RUNS).read_text()
    assert one.poll() is None, "the first run ended too early to be disturbed"
    return first, second, end(one), end(two), beside


def test_a_second_run_in_a_folder_is_refused_at_once_and_told_who_runs_there(together):
    first, _, _, _, beside = together
    for refused in (beside["run"], beside["unlock"]):
        for words in (
            f"{first.folder}: another run is active in this folder: process {beside['pid']}",
            "one run at a time in a folder",
            f"kill {beside['pid']}",
            "--config folder=ELSEWHERE",
        ):
            assert words in refused.output, words
        assert "Building DAG" not in refused.output


def test_a_dry_run_beside_a_run_works_and_the_run_is_not_disturbed(together):
    first, _, output, _, beside = together
    assert beside["looks"].returncode == 0
    assert beside["record"] == beside["record after"]
    assert "steps (100%) done" in output
    assert first.path("tables/tiny.csv").exists()
    assert first.path(RUNS).read_text() == "[]", "it has signed off"


def test_two_studies_in_two_checkouts_share_a_store_and_train_once(together):
    first, second, _, _, _ = together
    logs = [p.path(f"{RUN.replace('results', 'logs')}/train.log") for p in (first, second)]
    assert sorted("found in the store" in log.read_text() for log in logs) == [False, True]
    for name in ("model.keras", "history.csv", "probability.zarr.zip"):
        path = f"{RUN}/{name}"
        assert first.path(path).read_bytes() == second.path(path).read_bytes(), name
    assert "iou" in first.path("tables/tiny.csv").read_text()
    assert "iou_mean" not in second.path("tables/other.csv").read_text()
    assert not list(first.store.glob("partial/*/*"))


def test_an_odd_path_no_home_no_tmp_another_disk_and_a_strict_umask(together, place):
    """All at once, with results elsewhere: the same bytes, and for no other user's eyes."""
    first = together[0]
    project = Project(place / ODD, place / "store").tiny()
    shared = Path("/dev/shm")
    base = shared if os.access(shared, os.W_OK) else place
    elsewhere = base / f"segbench {place.parent.name} é"
    project.edit("config/config.yaml", "datasets:", f'folder: "{elsewhere}"\ndatasets:')
    nowhere = {"HOME": f"{place}/no home", "TMPDIR": f"{place}/no tmp"}
    nowhere |= {"LC_ALL": "C", "TZ": "Asia/Tokyo"}
    try:
        end(launch(project, "tables/tiny.csv", umask=0o077, **nowhere))
        assert digests(elsewhere) == digests(first.folder)
        files = [path for path in elsewhere.glob("results/**/*") if path.is_file()]
        assert len(files) > 20
        assert not [p for p in files if stat.S_IMODE(p.stat().st_mode) & 0o077]
        log = (elsewhere / RUN.replace("results", "logs") / "train.log").read_text()
        assert "found in the store" in log
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)
    assert not project.path("results").exists()


def test_it_runs_from_another_folder_and_under_a_lax_umask(together, place):
    first = together[0]
    (place / "elsewhere").mkdir()
    snakefile = str(first.path("Snakefile"))
    end(launch(first, "-s", snakefile, SAMPLES, cwd=place / "elsewhere", umask=0))
    made = place / "elsewhere" / SAMPLES
    assert made.read_bytes() == first.path(SAMPLES).read_bytes()
    assert stat.S_IMODE(made.stat().st_mode) & 0o444 == 0o444


def test_what_snakemake_cannot_do_is_refused_before_anything_is_planned(place):
    braces = Project(place / "a {brace}", place / "unused").tiny()
    output = end(launch(braces, "-n"), expect=1)
    assert "the path of the checkout has a brace in it" in output
    long = Project(place / "long", place / "unused").tiny()
    name = "".join(hashlib.sha256(bytes([i])).hexdigest() for i in range(4))[:240]
    recipes = long.path("config/preprocessing")
    (recipes / "tiny.yaml").rename(recipes / f"{name}.yaml")
    long.edit("config/studies/tiny.yaml", "preprocessing: [tiny]", f"preprocessing: [{name}]")
    output = end(launch(long, "-n"), expect=1)
    assert "a name in it is too long" in output
    assert "Building DAG" not in output


@needs_modes
def test_a_folder_that_may_not_be_written_to_is_named(place):
    project = Project(place / "closed", place / "unused").tiny()
    (place / "outputs").mkdir()
    (place / "outputs").chmod(0o555)
    folder = f"folder={place / 'outputs'}"
    output = end(launch(project, "--config", folder, before=AS_USER), expect=1)
    assert f"{place / 'outputs'}/.snakemake: permission denied" in output
    assert "mode 0555" in output
    assert "set `folder`" in output or "with `folder`" in output


FOLDER_MAIN = """
datasets:
  folder:
    source: folder
    folder: {{path: "{path}"}}
    layout: {{sheet: null}}
    background: null
studies:
  folder_example: {{models: [folder-unet-miniature]}}
"""


def draw(raw, name, number=0):
    """A picture and its mask."""
    mask = np.zeros((32, 32, 3), np.uint8)
    mask[4 : 12 + number, 4:20] = (0xE6, 0x19, 0x4B)
    mask[20:28, 8 : 16 + number] = (0x00, 0xC8, 0x00)
    pixels = np.random.default_rng(number).integers(0, 255, (32, 32, 3), np.uint8)
    for part, data in (("images", pixels), ("masks", mask)):
        (raw / part).mkdir(parents=True, exist_ok=True)
        path = raw / part / f"{name}.png"
        Image.fromarray(data).save(path)
        path.chmod(0o444)


def tree(folder):
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


@needs_modes
def test_raw_data_may_be_read_only_and_others_and_an_awkward_name_is_told(place):
    raw = place / "raw dätä, 'read-only' {1}"
    for number in range(4):
        draw(raw, f"cell-{number}", number)
    folders = (raw / "images", raw / "masks", raw)
    for path in folders:
        path.chmod(0o555)
    if ROOT_USER:
        for path in [raw, *raw.rglob("*")]:
            os.chown(path, 12345, 12345)
    before = tree(raw)
    project = Project(place / "own", place / "store").tiny()
    project.write("config/config.yaml", FOLDER_MAIN.format(path=raw))
    table = "results/folder/samples.tsv"
    end(launch(project, table, "results/folder/prep-folder/shard-0.zarr.zip", before=AS_USER))
    assert project.path(table).read_text().count("\n") == 5
    assert tree(raw) == before, "nothing there is touched"
    for path in folders:
        path.chmod(0o755)
    draw(raw, unicodedata.normalize("NFD", "zelle é"))
    end(launch(project, table))
    assert "\nzelle_e\t" in project.path(table).read_text()
    draw(raw, "zelle\tx")
    output = end(launch(project, table), expect=1)
    assert "zelle\\tx.png" in output
    assert "what to do: rename the file" in output


@needs_mount
def test_a_full_disk_is_told_and_the_same_command_goes_on_once_there_is_room(place):
    project = Project(place / "full", place / "store-of-full").tiny()
    with small_disk(place / "disk", "1100k") as grow:
        command = (SAMPLES, "--config", f"folder={place / 'disk/run'}")
        output = end(launch(project, *command), expect=1)
        assert "the disk is full" in output
        assert "of 1.1 MB free" in output
        assert "Traceback" not in output
        assert not list((place / "disk").rglob("*.partial.*")), "nothing half-written stays"
        grow()
        end(launch(project, *command))
        table = (place / "disk/run" / SAMPLES).read_text()
        assert table.count("\n") == 9
