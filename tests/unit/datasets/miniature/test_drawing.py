"""What the miniatures are drawn with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from segbench.datasets.miniature.drawing import Outline, blend, generator, save, texture, to_uint8


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(3, 12), st.floats(1, 2), st.floats(0, 0.15))
def test_outline_has_about_the_area_of_its_circle(seed, radius, elongation, wobble):
    outline = Outline(generator(seed), (30.0, 30.0), radius, elongation, wobble)
    depth = outline.depth((61, 61))
    assert depth[30, 30] > 0
    area = (depth > 0).sum()
    assert area == pytest.approx(np.pi * radius**2, rel=0.15 + 3 * wobble, abs=8)


def test_texture_is_normalised():
    values = texture(generator(1), (50, 60), 3.0)
    assert values.mean() == pytest.approx(0, abs=1e-12)
    assert values.std() == pytest.approx(1)


def test_blend_and_rounding():
    image = np.zeros((1, 4))
    blend(image, 1.0, np.array([[-1, 0.25, 0.5, 7]]))
    assert image.tolist() == [[0, 0.25, 0.5, 1]]
    assert to_uint8(np.array([-0.1, 0, 0.5, 1, 1.1])).tolist() == [0, 0, 128, 255, 255]


def test_generator_depends_on_seed_and_position():
    draws = {generator(*key).integers(2**62) for key in ((0,), (1,), (0, 0), (0, 1), (1, 0))}
    assert len(draws) == 5
    assert generator(3, 1).random() == generator(3, 1).random()


def test_saved_bool_is_one_bit(tmp_path):
    save(tmp_path / "new" / "a.png", np.eye(3).astype(bool))
    with Image.open(tmp_path / "new" / "a.png") as image:
        assert image.mode == "1"
