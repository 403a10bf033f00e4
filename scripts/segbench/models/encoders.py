"""The U-Net whose encoder is a network of keras.applications."""

from __future__ import annotations

import keras

from segbench.config.model import UNet
from segbench.models.backbones import DEEPEST, extract
from segbench.models.blocks import Blocks


def build_backbone_unet(
    recipe: UNet,
    channels: int,
    maps: int,
    policy: str = "float32",
    pretrained: bool = False,
    supervised: bool = False,
) -> keras.Model:
    """Build a U-Net on a backbone.

    Parameters
    ----------
    recipe : UNet
        The backbone; width, kernel, normalisation, dropout and so on are the decoder's. Its
        `depth` has no meaning: the backbone's deepest activations are at 1/32.
    channels, maps : int
        Channels of the images, in 0...1; maps to predict.
    policy : str, optional
        Keras dtype policy of all layers but the head.
    pretrained : bool, optional
        Whether the recipe's weights are read; else they are random.
    supervised : bool, optional
        Whether auxiliary heads are among the outputs.

    Returns
    -------
    keras.Model
        (batch, y, x, `channels`) to logits (batch, y, x, `maps`), float32, for sides that
        are multiples of 32.

    Notes
    -----
    Few backbones compute anything at full resolution; there two convolutions of the image
    stand in, trained from scratch.
    """
    assert recipe.backbone is not None
    make = Blocks(recipe, policy, 2)
    image = keras.Input((None, None, channels), name="image")
    features = extract(image, recipe.backbone, policy, pretrained, with_skips=True)
    skips = dict(features.skips)
    if 0 not in skips:
        skips[0] = make.level(image, "encoder0", 0)
    outputs = make.decode(features.deepest, skips, DEEPEST.bit_length() - 1, maps)
    return keras.Model(image, outputs if supervised else outputs[0], name="unet")
