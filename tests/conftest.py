"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Examples are slow on a busy machine; how long one takes is measured in tests/bench/.
settings.register_profile("segbench", deadline=None, derandomize=True)
settings.load_profile("segbench")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def publisher_data() -> Path:
    """The publishers' real files; tests that need them skip where they are absent."""
    folder = Path(os.environ.get("SEGBENCH_PUBLISHER_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the publishers' data are not here (set SEGBENCH_PUBLISHER_DATA)")
    return folder
