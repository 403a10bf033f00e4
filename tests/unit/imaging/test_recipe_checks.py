"""Recipes that contradict themselves or the samples."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.config.preprocessing import Clahe, Preprocessing, Size
from segbench.errors import SegbenchError
from segbench.imaging.recipe_checks import check, check_kind
from unit.imaging.heads import BRATS, head, prepare


@pytest.mark.parametrize("volume", [False, True])
def test_plain_recipes_pass(volume):
    assert check(Preprocessing()) is None
    assert check_kind(Preprocessing(clahe=Clahe()) if not volume else BRATS, volume) is None


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"resize": Size(height=8, width=8)}, "resize"),
        ({"clahe": Clahe()}, "clahe"),
        ({"neighbours": 1}, "neighbours"),
        ({"channels": "rgb"}, "channels: rgb"),
    ],
)
def test_steps_of_images_on_a_volume(keys, named):
    image, label = head(channels=1)
    with pytest.raises(SegbenchError, match=f"{named}, but the samples are volumes"):
        prepare(image, label, Preprocessing().model_copy(update=keys))


@pytest.mark.parametrize(
    ("keys", "named"),
    [({"crop": "nonzero"}, "crop: nonzero"), ({"spacing_mm": (1, 1, 1)}, "spacing_mm")],
)
def test_steps_of_volumes_on_an_image(keys, named):
    with pytest.raises(SegbenchError, match=f"{named}, but the samples are images"):
        prepare(np.eye(4), np.eye(4, dtype=np.uint8), Preprocessing().model_copy(update=keys))


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"clahe": Clahe(), "crop": "nonzero"}, "clahe together with crop"),
        ({"neighbours": 2, "spacing_mm": (1, 1, 1)}, "neighbours together with spacing_mm"),
        ({"normalise": "none", "normalise_within": "nonzero"}, "normalise_within: nonzero"),
        ({"normalise": "zscore", "dtype": "uint16"}, "dtype: uint16"),
    ],
)
def test_recipes_without_meaning(keys, named):
    with pytest.raises(SegbenchError, match=named):
        check(Preprocessing().model_copy(update=keys))


def test_zscores_may_be_stored_in_half():
    check(Preprocessing(normalise="zscore", dtype="float16"))


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"dtype": "uint8"}, "dtype: uint8"),
        ({"dtype": "float32", "gamma": 2}, "gamma"),
        ({"dtype": "float32", "clahe": {}}, "clahe"),
    ],
)
def test_zscore_clashes(keys, named):
    with pytest.raises(SegbenchError, match=named):
        check(Preprocessing.model_validate({"normalise": "zscore", **keys}))
