"""What was read of the code is remembered by its content, and never outlives an edit."""

from __future__ import annotations

import ast
import json

import pytest

from segbench.provenance import code, code_memory, symbols

LIBRARY = {
    "lib/__init__.py": "",
    "lib/work.py": (
        "import numpy as np\nfrom lib.other import LIMIT\n\n"
        "def main(x):\n    from lib import late\n    return np.abs(x) + LIMIT + late.y\n\n"
        "print('an effect')\n"
    ),
    "lib/other.py": "LIMIT = 3\nA, B = 1, 2\n",
    "lib/late.py": "y = 1\n",
    "rule.py": "from lib.work import main\nmain(1)\n",
}


@pytest.fixture
def forget(monkeypatch):
    """A function that begins a new run, as far as memory goes."""

    def begin():
        code.code_of.cache_clear()
        monkeypatch.setattr(symbols, "MEMORY", {})
        monkeypatch.setattr(symbols, "PARSED", {})
        monkeypatch.setattr(code, "PARTS", {})

    begin()
    yield begin
    code.code_of.cache_clear()


@pytest.fixture
def digest(tmp_path, forget):
    """A function that works out the digest in a new run."""
    for name, text in LIBRARY.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def work_out(*, remember=True):
        forget()
        if remember:
            code_memory.recall(tmp_path / "memory")
        return code.code_digest(tmp_path / "rule.py", tmp_path / "lib")

    return work_out


def test_a_second_run_parses_nothing_and_says_the_same(digest, tmp_path, monkeypatch):
    first = digest()
    code_memory.keep(tmp_path / "memory")

    def refuse(*_):
        raise AssertionError("parsed again")

    monkeypatch.setattr(ast, "parse", refuse)
    assert digest() == first
    assert code.PARTS[first]["lib.late:y"]


@pytest.mark.parametrize("name", ["lib/work.py", "lib/other.py", "lib/late.py", "rule.py"])
def test_an_edited_file_is_read_again(digest, tmp_path, name):
    first = digest()
    code_memory.keep(tmp_path / "memory")
    (tmp_path / name).write_text(LIBRARY[name].replace("1", "9").replace("3", "9") + "z = 0\n")
    assert digest() == digest(remember=False)
    if name != "lib/work.py":
        assert digest() != first


def test_what_is_remembered_is_what_was_read(digest, tmp_path):
    digest()
    read = json.loads(json.dumps({k: m.plain() for k, m in symbols.PARSED.items()}))
    code_memory.keep(tmp_path / "memory")
    for name, plain in read.items():
        again = symbols.Module.known(plain)
        assert json.loads(json.dumps(again.plain())) == plain, name


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": "0 3.1", "files": {"x": {}}}', '{"files": {}}', "null"]
)
def test_a_damaged_memory_is_no_memory(digest, tmp_path, text):
    first = digest()
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory/parsed.json").write_text(text)
    assert digest() == first
    assert symbols.MEMORY == {}


def test_what_another_version_of_the_reading_code_has_read_is_read_again(
    digest, tmp_path, monkeypatch
):
    first = digest()
    code_memory.keep(tmp_path / "memory")
    assert digest() == first
    assert not symbols.PARSED
    monkeypatch.setattr(code_memory, "_version", lambda: "another")
    assert digest() == first
    assert len(symbols.PARSED) == len(LIBRARY)


def test_the_parts_of_an_earlier_run_are_found(digest, tmp_path, forget):
    first = digest()
    folder = tmp_path / "memory"
    assert code_memory.parts_of("0" * 32, folder) is None
    assert code_memory.parts_of(first, folder)["numpy"].startswith("numpy==")
    code_memory.keep(folder)
    (tmp_path / "lib/other.py").write_text("LIMIT = 4\n")
    second = digest()
    old, new = code_memory.parts_of(first, folder), code_memory.parts_of(second, folder)
    assert {name for name in old if old[name] != new[name]} == {"lib.other:LIMIT"}
    (folder / f"{first}.json").write_text("{ damaged")
    forget()
    assert code_memory.parts_of(first, folder) is None


def test_nothing_is_written_twice(digest, tmp_path):
    digest()
    folder = tmp_path / "memory"
    code_memory.keep(folder)
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    digest()
    code_memory.keep(folder)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == times


def test_the_memory_does_not_grow_for_ever(digest, tmp_path, monkeypatch):
    monkeypatch.setattr(code_memory, "_KEPT", 3)
    digest()
    code_memory.keep(tmp_path / "memory")
    assert len(json.loads((tmp_path / "memory/parsed.json").read_text())["files"]) == 3
    assert digest() == digest(remember=False)


def test_where_nothing_can_be_written_there_is_no_memory_and_no_error(digest, tmp_path):
    first = digest()
    (tmp_path / "memory").write_text("a file, where the folder belongs")
    code_memory.keep(tmp_path / "memory")
    assert digest() == first
