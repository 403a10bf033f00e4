"""One class an image: a network of keras.applications, pooled, and a layer of logits."""

from __future__ import annotations

import keras

from segbench.config.model import UNet
from segbench.errors import SegbenchError
from segbench.models.backbones import extract
from segbench.models.blocks import HEAD


def build_classifier(
    recipe: UNet,
    channels: int,
    classes: int,
    policy: str = "float32",
    dimensions: int = 2,
    pretrained: bool = False,
) -> keras.Model:
    """Build a classifier of whole images.

    Parameters
    ----------
    recipe : UNet
        The backbone, and the share that is dropped before the last layer.
    channels, classes : int
        Channels of the images, in 0...1; classes to tell apart.
    policy : str, optional
        Keras dtype policy of all layers but the last.
    dimensions : int, optional
        Spatial axes of the images; must be 2.
    pretrained : bool, optional
        Whether the recipe's weights are read; else they are random.

    Returns
    -------
    keras.Model
        (batch, y, x, `channels`) to logits (batch, `classes`), float32.

    Raises
    ------
    SegbenchError
        If the recipe names no backbone, or the samples are volumes.
    """
    if recipe.backbone is None or dimensions != 2:
        what = "has no backbone" if recipe.backbone is None else f"on {dimensions}-D samples"
        raise SegbenchError(
            f"network.kind: classifier {what}",
            "a network of keras.applications, and two-dimensional images",
            "set e.g. `network: {kind: classifier, backbone: {name: ResNet50}}`",
        )
    image = keras.Input((None, None, channels), name="image")
    x = extract(image, recipe.backbone, policy, pretrained, with_skips=False).deepest
    x = keras.layers.GlobalAveragePooling2D(name="pool", dtype="float32")(x)
    if recipe.dropout:
        x = keras.layers.Dropout(recipe.dropout, seed=0, name="dropout", dtype="float32")(x)
    logits = keras.layers.Dense(classes, name=HEAD, dtype="float32")(x)
    return keras.Model(image, logits, name="classifier")
