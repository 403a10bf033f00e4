"""Networks of keras.applications as encoders: any of them, found by name, cut by strides."""

from __future__ import annotations

import difflib
import inspect
import re
from typing import Any

import keras

from segbench.errors import SegbenchError
from segbench.models.backbones import BACKBONE, COLOURS, LEVELS, Backbone
from segbench.models.colours import preprocessing, to_colours
from segbench.models.layers import Features
from segbench.models.normalisation import BATCH_NORM_MOMENTUM
from segbench.models.pretrained import Statistics, load_weights

#: Side of the image that is followed through a network to find its strides.
PROBE_PX = 256

#: Statistics of ImageNet's colours in 0...1, RGB: what EfficientNet normalises by.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SD = (0.229, 0.224, 0.225)


def application(name: str) -> Any:
    """The function of keras.applications of this name.

    Raises
    ------
    SegbenchError
        If there is none; it names the nearest.
    """
    found = getattr(keras.applications, name, None)
    if inspect.isfunction(found) and "include_top" in inspect.signature(found).parameters:
        return found
    known = [n for n, f in vars(keras.applications).items() if inspect.isfunction(f)]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
    raise SegbenchError(
        f"network.backbone.name: {name!r} is not a network of keras.applications",
        f"one of its functions, in their spelling; the nearest is {close}",
        "correct the name; keras.io/api/applications lists them",
    )


def extract(
    image: Any, recipe: Backbone, policy: str, pretrained: bool, with_skips: bool
) -> Features[Any]:
    """Apply a backbone to images.

    Parameters
    ----------
    image : tensor (batch, y, x, channel)
        In 0...1; the preprocessing of the backbone is applied inside the network.
    recipe : Backbone
        Name and weights.
    policy : str
        Keras dtype policy.
    pretrained : bool
        Whether the recipe's weights are loaded; else they are random.
    with_skips : bool
        Whether intermediate activations are wanted too.

    Returns
    -------
    Features
        All made by one layer that is called ``backbone``.

    Raises
    ------
    SegbenchError
        If there is no such network, its weights cannot be loaded, or it does not shrink images
        by exact halves, so that there is nothing to join.

    Notes
    -----
    The skip of a level is the output of the last operation before the sides are halved again,
    found by following the sides of an image through the network.
    Moving averages of batch normalisation get a momentum of 0.9; Keras's 0.99 and 0.999 need
    more steps than small datasets have.
    """
    make = application(recipe.name)
    original = make(include_top=False, weights=None, input_shape=(None, None, COLOURS))
    strides = _strides(original, recipe.name)
    names = _names(original)
    taps = {stride: names[operation.name] for stride, operation in strides.items()}
    if with_skips and (2**LEVELS not in taps or strides[2**LEVELS].output is not original.output):
        raise SegbenchError(
            f"network.backbone.name: {recipe.name} does not shrink images by exact halves to 1/32",
            "a network whose stages are halves of one another, e.g. ResNet50",
            "use it with `kind: classifier`, or another backbone",
        )
    statistics: Statistics = IMAGENET_MEAN, tuple(sd**2 for sd in IMAGENET_SD)
    if pretrained and recipe.weights is not None:
        statistics = load_weights(original, make, recipe) or statistics
    copy = _copy(original, names, policy, statistics)
    if pretrained and recipe.weights is not None:
        _take_weights(original, copy, names)
    levels = [k for k in range(LEVELS) if 2**k in taps] if with_skips else []
    by_name = {operation.name: operation.output for operation in copy.operations}
    outputs = [by_name[taps[2**level]] for level in levels]
    backbone = keras.Model(copy.input, [*outputs, copy.output], name=BACKBONE)
    module: Any = inspect.getmodule(make)
    found = backbone(to_colours(image, *preprocessing(module.preprocess_input)))
    found = list(found) if isinstance(found, list | tuple) else [found]
    return Features(dict(zip(levels, found[:-1], strict=True)), found[-1])


def _strides(network: keras.Model, name: str) -> dict[int, Any]:
    """The last operation at each exact stride, those on the colours of the image excluded."""
    every = keras.Model(network.input, [operation.output for operation in network.operations])
    try:
        shapes = every.compute_output_shape((1, PROBE_PX, PROBE_PX, COLOURS))
    except ValueError as error:
        raise SegbenchError(
            f"network.backbone.name: {name} cannot be built for images of any size",
            "a network that takes any size, e.g. ResNet50",
            "choose another backbone",
        ) from error
    found = {}
    for operation, shape in zip(network.operations, shapes, strict=True):
        if len(shape) != 4 or shape[1] != shape[2] or shape[-1] <= COLOURS:
            continue
        stride, rest = divmod(PROBE_PX, shape[1])
        if not rest and stride <= 2**LEVELS:
            found[stride] = operation
    return found


def _names(network: keras.Model) -> dict[str, str]:
    """Settled names by present ones: those that Keras counts up depend on what was built before."""
    counts: dict[str, int] = {}
    names = {}
    for layer in network.operations:  # layers, and sums that are none
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(layer).__name__).lower()
        plain = kind.replace("_", "")
        if re.fullmatch(rf"{plain}\d*", layer.name.replace("_", "")):
            counts[kind] = counts.get(kind, 0) + 1
            names[layer.name] = f"auto_{kind}_{counts[kind]}"
        else:
            names[layer.name] = layer.name
    return names


def _copy(
    network: keras.Model, names: dict[str, str], policy: str, statistics: Statistics
) -> keras.Model:
    """Copy a network under settled names, in another dtype, with random weights."""

    def remake(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = {**layer.get_config(), "name": names[layer.name]}
        if isinstance(layer, keras.layers.Layer):
            config["dtype"] = policy
        if isinstance(layer, keras.layers.BatchNormalization):
            config["momentum"] = BATCH_NORM_MOMENTUM
        if isinstance(layer, keras.layers.Dropout):
            config["seed"] = 0
        if isinstance(layer, keras.layers.Normalization) and config["mean"] is None:
            # As constants: Keras forgets to apply these two when weights are set.
            config["mean"], config["variance"] = (list(map(float, x)) for x in statistics)
        return type(layer).from_config(config)

    image = keras.Input((None, None, COLOURS), name="backbone_image")
    return keras.models.clone_model(network, input_tensors=image, clone_function=remake)


def _take_weights(source: keras.Model, target: keras.Model, names: dict[str, str]) -> None:
    """Set the weights of all layers but those that became constants."""
    for layer in source.layers:
        if layer.weights and not isinstance(layer, keras.layers.Normalization):
            target.get_layer(names[layer.name]).set_weights(layer.get_weights())


def find_backbone(network: keras.Model) -> keras.Model | None:
    """The backbone of a network, None if it has none."""
    return next((layer for layer in network.layers if layer.name == BACKBONE), None)
