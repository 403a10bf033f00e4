from __future__ import annotations

import matplotlib
import pytest

from segbench.figures.palette import INK
from segbench.figures.style import house_style


def test_house_style_leaves_the_users_settings_alone():
    with matplotlib.rc_context({"axes.labelcolor": "red", "font.size": 30}):
        with house_style():
            assert matplotlib.rcParams["axes.labelcolor"] == INK
            assert matplotlib.rcParams["font.size"] == 8.5
            assert matplotlib.rcParams["svg.hashsalt"] == "segbench"
        assert matplotlib.rcParams["axes.labelcolor"] == "red"
        assert matplotlib.rcParams["font.size"] == 30


def test_the_same_style_whatever_the_user_has_set():
    with house_style():
        ours = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"lines.linewidth": 9, "savefig.dpi": 300}), house_style():
        assert dict(matplotlib.rcParams) == ours


def test_the_users_settings_come_back_after_an_error():
    before = matplotlib.rcParams["font.size"]
    with pytest.raises(RuntimeError, match="drawn badly"), house_style():
        raise RuntimeError("drawn badly")
    assert matplotlib.rcParams["font.size"] == before
