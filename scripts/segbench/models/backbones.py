"""Networks of keras.applications: their parameters, and counts of their layers.

The counts are tabulated because only Keras knows these layers: counted from the
networks themselves at 256 x 256 px, without top, with Keras 3 (`weights` agrees with Keras's
documentation, less a classifying top); a test builds some of them again. No Keras here.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from segbench.strict import Strict

#: Name of the backbone inside a network, which is frozen and thawed.
BACKBONE = "backbone"

#: The deepest activations of a backbone are at 1 / 2**5 of the image's sides.
LEVELS = 5

#: Channels that every network of keras.applications reads.
COLOURS = 3

#: In place of a file: the weights that Keras downloads.
IMAGENET = "imagenet"


class Backbone(Strict):
    """A network of keras.applications, as encoder or as classifier."""

    name: str = Field(description="As Keras calls it: ResNet50, EfficientNetB7, MobileNetV2, ...")
    weights: str | None = Field(
        None,
        description="A local file (.weights.h5, .h5 or .keras), relative to the folder in which "
        "segbench is run; imagenet: downloaded by Keras; null: random.",
    )
    sha256: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="Of the local file of weights; required there."
    )
    frozen_epochs: int = Field(
        0, ge=0, description="The backbone's weights stay as they are in the first epochs."
    )
    thaw_factor: float = Field(
        1.0, gt=0, le=1, description="The learning rate is multiplied by this once it is thawed."
    )

    @property
    def local_weights(self) -> str | None:
        """The local file of weights, if one is named."""
        return None if self.weights == IMAGENET else self.weights


@dataclass(frozen=True)
class BackboneCounts:
    """One network without its top.

    Attributes
    ----------
    weights : int
        Numbers that are learnt or averaged; constants of a normalisation of colours not.
    multiply_adds_per_pixel : float
        Of a forward pass, per pixel of the image.
    elements_per_pixel : float
        Numbers that all its operations put out, per pixel of the image.
    channels : int
        Of the deepest activations.
    skips : dict of int to int
        Level -> channels of what is joined there; empty where it cannot be an encoder.
    """

    weights: int
    multiply_adds_per_pixel: float
    elements_per_pixel: float
    channels: int
    skips: dict[int, int]


#: By the names of keras.applications.
BACKBONES = {
    "ConvNeXtBase": BackboneCounts(87_566_464, 299_469, 1_324, 1024, {2: 128, 3: 256, 4: 512}),
    "ConvNeXtLarge": BackboneCounts(196_230_336, 670_388, 1_983, 1536, {2: 192, 3: 384, 4: 768}),
    "ConvNeXtSmall": BackboneCounts(49_454_688, 169_306, 994, 768, {2: 96, 3: 192, 4: 384}),
    "ConvNeXtTiny": BackboneCounts(27_820_128, 85_039, 616, 768, {2: 96, 3: 192, 4: 384}),
    "ConvNeXtXLarge": BackboneCounts(
        348_147_968, 1_188_762, 2_642, 2048, {2: 256, 3: 512, 4: 1024}
    ),
    "DenseNet121": BackboneCounts(7_037_504, 56_464, 995, 1024, {1: 64, 2: 128, 3: 256, 4: 512}),
    "DenseNet169": BackboneCounts(12_642_880, 66_928, 1_198, 1664, {1: 64, 2: 128, 3: 256, 4: 640}),
    "DenseNet201": BackboneCounts(18_321_984, 85_488, 1_540, 1920, {1: 64, 2: 128, 3: 256, 4: 896}),
    "EfficientNetB0": BackboneCounts(4_049_564, 7_661, 500, 1280, {1: 96, 2: 144, 3: 240, 4: 672}),
    "EfficientNetB1": BackboneCounts(6_575_232, 11_322, 688, 1280, {1: 96, 2: 144, 3: 240, 4: 672}),
    "EfficientNetB2": BackboneCounts(7_768_562, 13_099, 720, 1408, {1: 96, 2: 144, 3: 288, 4: 720}),
    "EfficientNetB3": BackboneCounts(
        10_783_528, 19_147, 952, 1536, {1: 144, 2: 192, 3: 288, 4: 816}
    ),
    "EfficientNetB4": BackboneCounts(
        17_673_816, 29_918, 1_237, 1792, {1: 144, 2: 192, 3: 336, 4: 960}
    ),
    "EfficientNetB5": BackboneCounts(
        28_513_520, 46_900, 1_693, 2048, {1: 144, 2: 240, 3: 384, 4: 1056}
    ),
    "EfficientNetB6": BackboneCounts(
        40_960_136, 66_887, 2_162, 2304, {1: 192, 2: 240, 3: 432, 4: 1200}
    ),
    "EfficientNetB7": BackboneCounts(
        64_097_680, 102_928, 2_884, 2560, {1: 192, 2: 288, 3: 480, 4: 1344}
    ),
    "EfficientNetV2B0": BackboneCounts(
        5_919_312, 14_281, 322, 1280, {1: 16, 2: 32, 3: 192, 4: 672}
    ),
    "EfficientNetV2B1": BackboneCounts(
        6_931_124, 20_215, 427, 1280, {1: 16, 2: 32, 3: 192, 4: 672}
    ),
    "EfficientNetV2B2": BackboneCounts(
        8_769_374, 23_259, 461, 1408, {1: 16, 2: 32, 3: 224, 4: 720}
    ),
    "EfficientNetV2B3": BackboneCounts(
        12_930_622, 32_045, 576, 1536, {1: 16, 2: 40, 3: 224, 4: 816}
    ),
    "EfficientNetV2L": BackboneCounts(
        117_746_848, 243_637, 2_391, 1280, {1: 32, 2: 64, 3: 384, 4: 1344}
    ),
    "EfficientNetV2M": BackboneCounts(
        53_150_388, 106_796, 1_357, 1280, {1: 24, 2: 48, 3: 320, 4: 1056}
    ),
    "EfficientNetV2S": BackboneCounts(
        20_331_360, 56_755, 836, 1280, {1: 24, 2: 48, 3: 256, 4: 960}
    ),
    "InceptionResNetV2": BackboneCounts(54_336_736, 134_362, 841, 1536, {}),
    "InceptionV3": BackboneCounts(21_802_784, 58_709, 343, 2048, {}),
    "MobileNet": BackboneCounts(3_228_864, 11_314, 336, 1024, {1: 64, 2: 128, 3: 256, 4: 512}),
    "MobileNetV2": BackboneCounts(2_257_984, 5_969, 435, 1280, {1: 96, 2: 144, 3: 192, 4: 576}),
    "MobileNetV3Large": BackboneCounts(2_996_352, 4_260, 307, 960, {1: 64, 2: 72, 3: 240, 4: 672}),
    "MobileNetV3Small": BackboneCounts(939_120, 1_092, 107, 576, {1: 16, 2: 72, 3: 96, 4: 288}),
    "ResNet101": BackboneCounts(42_658_176, 150_832, 1_114, 2048, {1: 64, 2: 256, 3: 512, 4: 1024}),
    "ResNet101V2": BackboneCounts(42_626_560, 143_344, 1_020, 2048, {1: 64, 2: 64, 3: 128, 4: 256}),
    "ResNet152": BackboneCounts(58_370_944, 224_816, 1_576, 2048, {1: 64, 2: 256, 3: 512, 4: 1024}),
    "ResNet152V2": BackboneCounts(58_331_648, 217_328, 1_508, 2048, {1: 64, 2: 64, 3: 128, 4: 256}),
    "ResNet50": BackboneCounts(23_587_712, 76_848, 740, 2048, {1: 64, 2: 256, 3: 512, 4: 1024}),
    "ResNet50V2": BackboneCounts(23_564_800, 69_360, 625, 2048, {1: 64, 2: 64, 3: 128, 4: 256}),
    "VGG16": BackboneCounts(14_714_688, 305_856, 304, 512, {0: 64, 1: 128, 2: 256, 3: 512, 4: 512}),
    "VGG19": BackboneCounts(20_024_384, 388_800, 330, 512, {0: 64, 1: 128, 2: 256, 3: 512, 4: 512}),
    "Xception": BackboneCounts(20_861_480, 90_801, 691, 2048, {3: 728, 4: 1024}),
}


def counts_of(name: str) -> BackboneCounts:
    """Counts of a network of keras.applications; of one that is not in the table, the largest."""
    if name in BACKBONES:
        return BACKBONES[name]
    return max(BACKBONES.values(), key=lambda counts: counts.multiply_adds_per_pixel)
