from __future__ import annotations

import matplotlib

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
