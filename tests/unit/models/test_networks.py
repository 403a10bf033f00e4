"""Every network of the registry says what it can learn, and can be built and counted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

import segbench
from segbench.config.model import Model
from segbench.models.backbones import Backbone
from segbench.models.classifier import Classifier
from segbench.models.layers import Network
from segbench.models.networks import BUILDERS, AnyNetwork
from segbench.models.unet import UNet
from segbench.provenance.code import code_parts
from segbench.resources.network import count

TASKS = {"semantic", "overlapping", "instances", "classification"}

#: Kind -> what it must be given.
REQUIRED: dict[str, dict[str, Any]] = {"classifier": {"backbone": {"name": "MobileNetV3Small"}}}


def default(kind: type[Network]) -> Network:
    name = kind.model_fields["kind"].annotation.__args__[0]
    return kind.model_validate({"kind": name, **REQUIRED.get(name, {})})


def test_recipes_may_ask_for_every_network_that_has_a_builder():
    union, *_ = get_args(AnyNetwork)
    assert set(get_args(union)) == set(BUILDERS) >= {UNet, Classifier}


@pytest.mark.parametrize("kind", BUILDERS, ids=lambda kind: kind.__name__)
def test_what_every_network_says_of_itself(kind):
    network = default(kind)
    assert network.tasks
    assert set(network.tasks) <= TASKS
    assert network.dimensions
    assert set(network.dimensions) <= {2, 3}
    assert Model.model_validate({"network": network.model_dump()}).network == network
    for dimensions in network.dimensions:
        counts = count(network, 1, 2, (network.unit * 2,) * dimensions)
        names = [layer.name for layer in counts.layers]
        assert len(names) == len(set(names))
        assert counts.weights > 0
        assert counts.multiply_adds > 0


@pytest.mark.parametrize("kind", BUILDERS, ids=lambda kind: kind.__name__)
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
    assert Model.model_validate({"network": {"width": 3}}).network == UNet(width=3)


def test_the_configuration_imports_neither_keras_nor_numpy():
    code = "import sys, segbench.config.loader as c; print({'keras', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout == "set()\n"


def test_stages_that_only_read_recipes_do_not_reach_what_builds_networks():
    """Else an edit of a loss or of a network would recompute what has nothing to do with it."""
    library = Path(segbench.__file__).parent
    scripts = library.parent
    reached = {
        rule: {part.partition(":")[2] for part in code_parts(scripts / f"{rule}.py", library)}
        for rule in ("segment", "predict", "train")
    }
    builders = {"build_unet", "build_classifier", "LOSSES", "OPTIMIZERS", "SCHEDULES"}
    assert builders <= reached["train"]
    assert {"UNet", "Loss", "Optimizer", "Schedule"} <= reached["segment"]
    assert not (builders | {"BUILDERS", "dice"}) & (reached["segment"] | reached["predict"])
