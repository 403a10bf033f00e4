"""Files that hold an image and its mask: HDF5, ``.npz``, OME-Zarr with labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from segbench.decoders.decoder import Choices
from segbench.decoders.registry import decoder_of
from segbench.errors import SegbenchError
from segbench.inspection.names import MASK_WORDS, words
from segbench.inspection.pairs import Pairs
from segbench.inspection.survey import Survey


@dataclass(frozen=True)
class Both:
    """Names of the arrays in the first file: of images, and of masks."""

    images: tuple[str, ...]
    masks: tuple[str, ...]

    @property
    def image(self) -> Choices:
        """How the image is opened."""
        return Choices(dataset=self.images[0] if self.images else None)

    @property
    def mask(self) -> Choices:
        """How the mask is opened; of several, the first."""
        return Choices(dataset=self.masks[0])

    @property
    def layout(self) -> dict[str, str]:
        """Keys of `layout`."""
        named = {"dataset": self.image.dataset, "mask_dataset": self.mask.dataset}
        return {key: name for key, name in named.items() if name is not None}

    @property
    def warnings(self) -> list[str]:
        """Of several images or masks in a file, what the others are."""
        return [
            f"each file holds several {noun} ({', '.join(names)}): {names[0]} is written; "
            f"`layout: {{{key}: ...}}` chooses"
            for noun, key, names in (
                ("images", "dataset", self.images),
                ("masks", "mask_dataset", self.masks),
            )
            if len(names) > 1
        ]


def both_in(found: Survey) -> Both | None:
    """Arrays that seem to be images and masks, by their names in the first file that opens."""
    for entry in found.entries[:3]:
        path = found.folder / entry.name
        try:
            names = decoder_of(path).arrays(path)
        except SegbenchError:
            continue
        masks = tuple(name for name in names if _of_mask(name))
        images = tuple(name for name in names if name not in masks)
        if masks and (images or entry.name in found.headers):
            return Both(images, masks)
    return None


def _of_mask(name: str) -> bool:
    return any(set(words(part)) & MASK_WORDS for part in PurePosixPath(name).parts)


def masked_by_itself(pairs: Pairs) -> Pairs:
    """Each image is the file of its mask."""
    return replace(pairs, masks={key: [("", place)] for key, place in pairs.images.items()})
