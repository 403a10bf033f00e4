from __future__ import annotations

import json

import pytest

from segbench.errors import SegbenchError
from segbench.inference.folder import OutputDir

ONE, OTHER = ["a" * 64, "b" * 64], ["c" * 64]


def write(folder, names, networks=ONE, model="s/best", finish=True):
    written = OutputDir(folder, networks, model)
    paths = [folder / name for name in names]
    written.plan(paths)
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mask")
    written.add(paths)
    if finish:
        written.finish()


def files(folder):
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in found if not name.startswith("."))


def test_what_is_no_longer_true_is_removed_with_its_folders(tmp_path):
    (tmp_path / "mine.txt").write_text("the user's")
    write(tmp_path, ["masks/a/b/1.png", "masks/2.png"])
    write(tmp_path, ["masks/2.png", "masks/3.png"])
    assert files(tmp_path) == ["masks/2.png", "masks/3.png", "mine.txt"]
    assert not (tmp_path / "masks/a").exists()


def test_a_mask_that_is_a_folder_is_removed_whole(tmp_path):
    written = OutputDir(tmp_path, ONE, "s/best")
    (tmp_path / "masks/a.zarr/0").mkdir(parents=True)
    written.add([tmp_path / "masks/a.zarr"])
    written.finish()
    write(tmp_path, ["masks/2.png"])
    assert not (tmp_path / "masks/a.zarr").exists()


def test_what_a_killed_run_wrote_is_known_to_the_next(tmp_path):
    write(tmp_path, ["masks/1.png"], finish=False)
    write(tmp_path, ["masks/2.png"])
    assert files(tmp_path) == ["masks/2.png"]


def test_results_of_another_model_are_not_overwritten(tmp_path):
    write(tmp_path, ["masks/1.png"])
    before = (tmp_path / ".written.json").read_text()
    with pytest.raises(
        SegbenchError, match="holds the results of model s/best, not of t/best"
    ) as e:
        OutputDir(tmp_path, OTHER, "t/best")
    assert "name=ANOTHER" in e.value.action
    with pytest.raises(SegbenchError, match="before it was retrained"):
        OutputDir(tmp_path, OTHER, "s/best")
    assert files(tmp_path) == ["masks/1.png"]
    assert (tmp_path / ".written.json").read_text() == before


@pytest.mark.parametrize("note", ["", "[]", '{"files": 3}'])
def test_a_damaged_note_is_none(tmp_path, note):
    (tmp_path / ".written.json").write_text(note)
    write(tmp_path, ["masks/1.png"])
    assert json.loads((tmp_path / ".written.json").read_text())["files"] == ["masks/1.png"]
