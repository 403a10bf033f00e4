"""Both makers of layers offer all that networks are written in."""

from __future__ import annotations

import inspect

import pytest

from segbench.models.layers import Layers
from segbench.resources.network import Activations, Counter


def operations(kind):
    return {n: f for n, f in vars(kind).items() if inspect.isfunction(f) and n[0] != "_"}


def parameters(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def keras_layers():
    pytest.importorskip("keras")
    from segbench.models.keras_network import KerasLayers

    return KerasLayers


@pytest.mark.parametrize("maker", [lambda: Counter, keras_layers], ids=["Counter", "Keras"])
def test_all_operations_take_the_same_arguments(maker):
    wanted, made = operations(Layers), operations(maker())
    assert set(wanted) == set(made)
    for name, function in wanted.items():
        expected = [
            (p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()
        ]
        found = [
            (p.name, p.kind, p.default) for p in inspect.signature(made[name]).parameters.values()
        ]
        assert found == expected, name


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize(
    ("operation", "arguments", "options"),
    [
        ("convolution", (5, 3), {}),
        ("convolution", (5, 1), {"bias": False}),
        ("transposed", (5,), {}),
        ("normalise", ("batch",), {}),
        ("normalise", ("group",), {}),
        ("normalise", ("instance",), {}),
        ("relu", (), {}),
        ("dropout", (0.5,), {}),
        ("pool", (), {}),
        ("resize", (), {}),
        ("head", (3,), {}),
        ("mean", (), {}),
    ],
)
def test_counted_shapes_and_weights_are_those_of_keras(dimensions, operation, arguments, options):
    import keras

    sides = (4, 6, 8)[:dimensions]
    x = keras.Input((*sides, 4))
    layer = getattr(keras_layers()("float32", dimensions), operation)
    network = keras.Model(x, layer(x, *arguments, "name", **options))
    counter = Counter()
    out = getattr(counter, operation)(Activations("x", sides, 4), *arguments, "name", **options)
    assert (*out.sides, out.channels) == network.output_shape[1:]
    (record,) = counter.layers
    assert record.weights == network.count_params()
    assert record.name == network.layers[-1].name == out.layer == "name"


def test_joined_and_dense_layers_are_those_of_keras():
    import keras

    make, counter = keras_layers()("float32", 2), Counter()
    one, other = keras.Input((4, 6, 2)), keras.Input((4, 6, 3))
    network = keras.Model(
        [one, other], make.dense(make.mean(make.join([one, other], "join"), "mean"), 7, "head")
    )
    a, b = Activations("a", (4, 6), 2), Activations("b", (4, 6), 3)
    out = counter.dense(counter.mean(counter.join([a, b], "join"), "mean"), 7, "head")
    assert (out.sides, out.channels) == ((), 7)
    assert sum(record.weights for record in counter.layers) == network.count_params() == 42
    assert [record.elements + record.elements_float32 for record in counter.layers] == [120, 5, 7]
    assert counter.layers[-1].multiply_adds == 35
