"""Some trained networks as one function of arrays; whole stages are in test_stage.py."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.config.model import Model
from segbench.errors import SegbenchError

keras = pytest.importorskip("keras")

from segbench.models.keras_network import build_network  # noqa: E402 - needs Keras
from segbench.models.model_file import write_model  # noqa: E402
from segbench.prediction.networks import Predictor, make_tiling  # noqa: E402

# Keras's own conversion of tensors to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RECIPE = Model.model_validate(
    {
        "network": {"depth": 1, "width": 2},
        "target": "foreground",
        "training": {"precision": "float32", "patch": [8, 8]},
    }
)
ATTRIBUTES = {"classes": ["cell"], "task": "instances"}


@pytest.fixture
def network(tmp_path):
    keras.utils.set_random_seed(0)
    path = tmp_path / "model.keras"
    write_model(build_network(RECIPE.network, 2, 1), path)
    return path


def test_axes_and_channels_are_those_of_the_network(network):
    predictor = Predictor([network, network], RECIPE, ATTRIBUTES)
    assert (predictor.image_axes, predictor.channels, predictor.axes) == ("yxc", 2, "yxk")
    assert predictor.names == ["foreground"]
    assert predictor.where.startswith("2 networks, float32 on ")


def test_probabilities_have_the_size_of_the_image(network):
    predictor = Predictor([network], RECIPE, ATTRIBUTES)
    image = np.random.default_rng(0).random((9, 13, 2), np.float32)
    (found,) = predictor.maps([image])
    assert found.shape == (9, 13, 1)
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize(
    ("axes", "channels", "message"),
    [
        ("yxc", 3, "a network from 2 channels in 2-D to 1 maps"),
        ("zyxc", 2, "a network from 2 channels in 2-D to 1 maps"),
    ],
)
def test_a_network_for_other_images(network, axes, channels, message):
    with pytest.raises(SegbenchError, match=message):
        Predictor([network], RECIPE, ATTRIBUTES, axes, channels)


@pytest.mark.parametrize(
    ("tile", "patch", "expected"),
    [([16, 8], [32, 32], (16, 8)), (None, [32, 16], (32, 16)), (None, None, None)],
)
def test_a_tile_is_the_patch_where_none_is_given(tile, patch, expected):
    data = RECIPE.model_dump()
    data["prediction"]["tile"], data["training"]["patch"] = tile, patch
    tiling = make_tiling(Model.model_validate(data))
    assert tiling.tile == expected
