"""Errors and warnings of decoders name the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from segbench.decoders import faults
from segbench.errors import SegbenchError


def test_missing_packages_are_told_with_the_command():
    with pytest.raises(SegbenchError) as caught:
        faults.check_packages(Path("a.dcm"), "DICOM", ("no_such_module_x", "numpy"))
    assert "no_such_module_x" in caught.value.what
    assert "numpy" not in caught.value.what
    assert caught.value.action.startswith("install them: make formats;")


@pytest.mark.parametrize("error", [OSError("short"), ValueError("short"), KeyError("short")])
def test_exceptions_become_errors_that_name_the_file(error):
    with (
        pytest.raises(SegbenchError, match=r"^a\.tif: cannot be decoded .*short") as caught,
        faults.naming(Path("a.tif"), "TIFF file", KeyError),
    ):
        raise error
    assert caught.value.expected == "a whole, undamaged TIFF file"


def test_other_exceptions_pass():
    with pytest.raises(KeyError), faults.naming(Path("a.tif")):
        raise KeyError


def test_a_warning_is_said_once(caplog):
    for _ in range(2):
        faults.warn_once("test_faults.tif: 100 % odd")
    assert [record.message for record in caplog.records] == ["test_faults.tif: 100 % odd"]
