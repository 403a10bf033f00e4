"""The registry of formats: one module of a reader and one of a miniature for each."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from segbench.datasets import generator, miniature, reader_of
from segbench.datasets.base import Reader
from segbench.datasets.formats import FORMATS
from unit.datasets.helpers import ROOT, make_dataset


def test_a_format_is_called_as_the_module_of_its_reader():
    for name, kind in FORMATS.items():
        assert import_module(f"segbench.datasets.{name}").READER is kind
        assert kind.__module__ == f"segbench.datasets.{name}"


def test_every_format_has_a_miniature_and_every_miniature_a_format():
    modules = {path.stem for path in Path(miniature.__path__[0]).glob("[a-z]*.py")}
    assert modules - {"drawing"} == set(FORMATS)
    assert all(callable(generator(name)) for name in FORMATS)


def test_every_format_is_documented():
    text = (ROOT / "docs/reference/datasets.md").read_text("utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in text.replace("format: ", "")] == []


def test_the_reader_of_a_dataset_is_that_of_its_format():
    assert type(reader_of(make_dataset("kidney_nuclei"))) is FORMATS["kidney_nuclei"]
    assert type(reader_of(make_dataset("folder"))) is FORMATS["folder"]


def test_only_uw_madison_takes_submissions():
    assert [name for name, kind in FORMATS.items() if kind.takes_submissions] == ["uw_madison"]


def test_a_reader_says_whether_its_files_give_the_spacing():
    for kind in FORMATS.values():
        assert kind.spacing_in_files or kind.spacing_mm is Reader.spacing_mm


def test_the_readers_that_mark_what_was_not_annotated():
    assert [name for name, kind in FORMATS.items() if kind.ignores_labels] == ["folder", "msd"]


def loaded(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_registry_loads_no_library_of_pictures():
    """It is imported before the DAG is built."""
    heavy = {"PIL", "cv2", "scipy", "skimage", "pandas", "requests", "keras", "nibabel", "tifffile"}
    assert not heavy & loaded("segbench.datasets.formats")


def test_the_config_loads_no_reader():
    found = loaded("segbench.config")
    assert "numpy" not in found
    assert not {name for name in found if name.startswith("segbench.datasets")}
