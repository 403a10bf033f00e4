from __future__ import annotations

import json

import pytest

from segbench.errors import SegbenchError
from segbench.inference.summary import conclude


def applied(tmp_path, failed, others=()):
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
        "others": list(others),
    }
    (tmp_path / "applied.json").write_text(json.dumps(record))
    conclude(tmp_path / "applied.json", tmp_path / "summary.txt")


def test_a_summary(tmp_path):
    applied(tmp_path, failed=0)
    assert (tmp_path / "summary.txt").read_text() == (
        "2 images segmented with s/best (2 networks: p/unet), 3 objects\n"
    )


def test_files_that_are_no_images_are_named(tmp_path):
    applied(tmp_path, failed=0, others=[f"{n}.txt" for n in range(11)])
    text = (tmp_path / "summary.txt").read_text()
    assert "3 objects; 11 other files were not read: 0.txt, 1.txt, " in text
    assert text.endswith("9.txt, ...\n")


def test_failures_are_named_and_there_is_no_summary(tmp_path):
    with pytest.raises(SegbenchError) as error:
        applied(tmp_path, failed=12)
    assert "12 of 14 images could not be segmented" in error.value.what
    assert "9.png: bad" in error.value.what
    assert "and 2 more" in error.value.what
    assert "10.png" not in error.value.what
    assert "the other 2" in error.value.expected
    assert not (tmp_path / "summary.txt").exists()
