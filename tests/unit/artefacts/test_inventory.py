"""The inventory: read as it was written, and written only when it differs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segbench.artefacts.inventory import (
    RawFile,
    by_sample,
    is_inventory,
    parse_inventory,
    read_inventory,
    write_inventory,
)
from segbench.errors import SegbenchError
from unit.artefacts.texts import NAMES


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(RawFile, NAMES, NAMES, st.integers(0), st.just("0" * 64)), unique=True))
def test_every_file_comes_back_sorted(tmp_path, files):
    path = tmp_path / "shard.tsv"
    path.unlink(missing_ok=True)
    assert write_inventory(files, path)
    assert read_inventory(path) == parse_inventory(path.read_text()) == sorted(files)
    assert is_inventory(path)
    before = path.stat().st_mtime_ns
    assert not write_inventory(files[::-1], path)
    assert path.stat().st_mtime_ns == before
    assert write_inventory([*files, RawFile("new", "new", 1, "")], path)


def test_files_by_sample():
    files = [
        RawFile("b", "b.png", 1, "x"),
        RawFile("a", "a.png", 2, "y"),
        RawFile("b", "c", 3, "z"),
    ]
    assert by_sample(files) == {"b": {"b.png": files[0], "c": files[2]}, "a": {"a.png": files[1]}}


def test_a_file_name_with_a_line_end_is_refused(tmp_path):
    with pytest.raises(SegbenchError) as caught:
        write_inventory([RawFile("a", "a\n.png", 1, "x")], tmp_path / "shard.tsv")
    assert "shard.tsv: row 1 ('a'), column path: 'a\\n.png'" in caught.value.what
    assert caught.value.action == "rename the file"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the columns none"),
        ("sample\tpath\n", "has the columns sample, path"),
        ("sample\tpath\tbytes\tsha256\na\tb\n", "line 2 has 2 cells"),
        ("sample\tpath\tbytes\tsha256\na\tb\tc\td\n", "line 2: bytes is 'c'"),
        ("a,b,c,d\n1,2,3,4\n", "has the columns a,b,c,d"),
    ],
)
def test_damaged_inventories_are_named(tmp_path, text, message):
    (tmp_path / "i.tsv").write_text(text)
    with pytest.raises(SegbenchError, match=r"i\.tsv: ") as caught:
        read_inventory(tmp_path / "i.tsv")
    assert message in caught.value.what


def test_missing_inventory(tmp_path):
    with pytest.raises(SegbenchError, match=r"i\.tsv: cannot be read"):
        read_inventory(tmp_path / "i.tsv")


def test_other_tables_are_no_inventories(tmp_path):
    (tmp_path / "t.tsv").write_text("image\tbytes\tsha256\n")
    assert not is_inventory(tmp_path / "t.tsv")
