"""Data files are found by their name in the library, wherever the run was started."""

from __future__ import annotations

import pytest

from segbench import data_files
from segbench.errors import SegbenchError


def test_a_file_of_the_library_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = data_files.data_file("objects/terms.yaml")
    assert path.is_absolute()
    assert path.read_text(encoding="utf-8").startswith("#")


@pytest.mark.parametrize("name", ["objects/missing.ttl", "objects", "../train.py", "/etc/hostname"])
def test_anything_else_is_refused_by_name(name):
    with pytest.raises(SegbenchError, match="there is no such data file") as caught:
        data_files.data_file(name)
    assert str(data_files.LIBRARY) in caught.value.expected
