"""Every network of the registry says what it can learn, and can be built and counted."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from segbench.config.checked_model import Model as CheckedModel
from segbench.config.model import Model
from segbench.models.backbones import Backbone
from segbench.models.kinds import AnyNetwork
from segbench.models.layers import Network
from segbench.models.networks.classifier import Classifier
from segbench.models.networks.unet import UNet
from segbench.resources.network import count

TASKS = {"semantic", "overlapping", "instances", "classification"}

#: Kind -> what it must be given.
REQUIRED: dict[str, dict[str, Any]] = {"classifier": {"backbone": {"name": "MobileNetV3Small"}}}

NETWORKS: tuple[type[Network], ...] = get_args(get_args(AnyNetwork)[0])


def kind_of(network: type[Network]) -> str:
    return get_args(network.model_fields["kind"].annotation)[0]


def default(kind: type[Network]) -> Network:
    name = kind_of(kind)
    return kind.model_validate({"kind": name, **REQUIRED.get(name, {})})


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda kind: kind.__name__)
def test_what_every_network_says_of_itself(kind):
    network = default(kind)
    assert network.tasks
    assert set(network.tasks) <= TASKS
    assert network.dimensions
    assert set(network.dimensions) <= {2, 3}
    for model in (Model, CheckedModel):
        read = model.model_validate({"network": network.model_dump()})
        assert read.network == network
        assert model.model_validate(read.model_dump()) == read
    for dimensions in network.dimensions:
        counts = count(network, 1, 2, (network.unit * 2,) * dimensions)
        names = [layer.name for layer in counts.layers]
        assert len(names) == len(set(names))
        assert counts.weights > 0
        assert counts.multiply_adds > 0


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda kind: kind.__name__)
def test_what_is_counted_is_what_keras_builds(kind):
    pytest.importorskip("keras")
    from segbench.models.keras_network import build_network

    network = default(kind)
    for dimensions in network.dimensions:
        built = build_network(network, 2, 3, dimensions=dimensions, supervised=True)
        sides = (network.unit,) * dimensions
        counts = count(network, 2, 3, sides)
        assert counts.weights == built.count_params()
        logits = built.compute_output_shape((1, *sides, 2))[0]
        assert logits == ((1, 3) if network.whole else (1, *sides, 3))


@pytest.mark.parametrize(
    ("network", "unit", "dimensions", "whole"),
    [
        (UNet(depth=3), 8, (2, 3), False),
        (UNet(depth=1), 2, (2, 3), False),
        (UNet(depth=3, backbone=Backbone(name="ResNet50")), 32, (2,), False),
        (Classifier(kind="classifier", backbone=Backbone(name="ResNet50")), 32, (2,), True),
    ],
)
def test_what_networks_take(network, unit, dimensions, whole):
    assert (network.unit, network.dimensions, network.whole) == (unit, dimensions, whole)
    assert network.encoder == network.backbone


def test_a_kind_is_a_unet_where_a_recipe_does_not_say():
    for model in (Model, CheckedModel):
        assert model.model_validate({"network": {"width": 3}}).network == UNet(width=3)
