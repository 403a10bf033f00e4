from __future__ import annotations

import io
import json

import pytest

from segbench.errors import SegbenchError
from segbench.inference.folder import OutputDir
from segbench.inference.progress import Progress
from segbench.inference.summary import conclude

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
    with pytest.raises(SegbenchError, match="before it was trained anew"):
        OutputDir(tmp_path, OTHER, "s/best")
    assert files(tmp_path) == ["masks/1.png"]
    assert (tmp_path / ".written.json").read_text() == before


@pytest.mark.parametrize("note", ["", "[]", '{"files": 3}'])
def test_a_damaged_note_is_none(tmp_path, note):
    (tmp_path / ".written.json").write_text(note)
    write(tmp_path, ["masks/1.png"])
    assert json.loads((tmp_path / ".written.json").read_text())["files"] == ["masks/1.png"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_line_an_image_and_a_bar_on_a_terminal():
    lines, terminal = [], Terminal()
    with Progress(2, lines.append, terminal) as progress:
        progress.step("a.png", "segmented")
        progress.step("b.png", "FAILED: broken")
    assert lines == ["1 of 2: a.png: segmented", "2 of 2: b.png: FAILED: broken"]
    assert "apply" in terminal.getvalue()
    assert "0/2" in terminal.getvalue()


def test_no_bar_where_there_is_no_terminal():
    stream = io.StringIO()
    for one in (stream, None):
        with Progress(1, lambda line: None, one) as progress:
            progress.step("a.png", "segmented")
    assert stream.getvalue() == ""


def applied(tmp_path, failed):
    record = {
        "model": "s/best",
        "arm": {"preprocessing": "p", "model": "unet"},
        "networks": [{}, {}],
        "images": [{"objects": 3}, {"objects": None}],
        "failed": [
            {
                "image": f"{n}.png",
                "error": {"what": f"{n}.png: bad", "expected": "e", "action": "mend"},
            }
            for n in range(failed)
        ],
    }
    (tmp_path / "applied.json").write_text(json.dumps(record))
    conclude(tmp_path / "applied.json", tmp_path / "summary.txt")


def test_a_summary(tmp_path):
    applied(tmp_path, failed=0)
    assert (tmp_path / "summary.txt").read_text() == (
        "2 images segmented with s/best (2 networks: p/unet), 3 objects\n"
    )


def test_failures_are_named_and_there_is_no_summary(tmp_path):
    with pytest.raises(SegbenchError) as error:
        applied(tmp_path, failed=12)
    assert "12 of 14 images could not be segmented" in error.value.what
    assert "9.png: bad" in error.value.what
    assert "and 2 more" in error.value.what
    assert "10.png" not in error.value.what
    assert "the other 2" in error.value.expected
    assert not (tmp_path / "summary.txt").exists()
