"""What tests of `snakemake apply` share."""

from __future__ import annotations

import pytest

from segbench.store_location import STORE_VARIABLE
from unit.inference.applying import Place, bright


@pytest.fixture
def place(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    caplog.set_level("INFO", "segbench.inference")
    return Place(tmp_path, caplog)


@pytest.fixture(scope="session")
def networks(tmp_path_factory):
    pytest.importorskip("keras")
    folder = tmp_path_factory.mktemp("networks")
    return {
        "half": bright(folder / "half.keras"),
        "high": bright(folder / "high.keras", threshold=0.9),
        "volume": bright(folder / "volume.keras", axes=3, maps=2),
    }
