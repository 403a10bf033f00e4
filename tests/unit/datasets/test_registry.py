from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from segbench.config.dataset import FORMATS
from segbench.datasets import READERS, generator, reader
from segbench.errors import SegbenchError


def test_every_reader_is_found_by_its_name():
    assert sorted(READERS) == sorted(FORMATS)
    for name, module in READERS.items():
        assert reader(name) is import_module(module).READER
        assert callable(generator(name))


@pytest.mark.parametrize(("typo", "nearest"), [("dsb2O18", "dsb2018"), ("kidney", "kidney_nuclei")])
def test_unknown_name_suggests_the_nearest(typo, nearest):
    with pytest.raises(SegbenchError) as error:
        reader(typo)
    assert typo in error.value.what
    assert nearest in error.value.action
    assert ", ".join(sorted(FORMATS)) in error.value.expected


def test_import_is_light():
    """The registry is imported before the DAG is built: no picture, table or network library."""
    heavy = "{'PIL', 'cv2', 'scipy', 'skimage', 'pandas', 'requests', 'keras', 'matplotlib'}"
    code = f"import sys, segbench.datasets; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
