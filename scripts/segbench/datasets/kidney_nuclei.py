"""Nuclei in electron micrographs of the mouse kidney, as published (kumeS/BH2019-Fukuoka).

The newer layout, found at the raw root or up to four folders below it::

    02_ImageDataset/01_Mouse_B6J_Kidney_Nucleus_All_ver190903/
        1st_Train/{1_Train,2_Teacher}/    49 images and masks with equal names
        2nd_Train/{1_Train,2_Teacher}/    the same 49 and Z_01 ... Z_16, which are blank
        3_Test/  4_Test_GT/               7 images and masks
        5_Blank/                          18 files without nuclei and without masks

In the older layout (`01_ImageDataset/...`) the 65 training pairs lie directly in `1_Train`
and `2_Teacher`. Images are 8-bit grey, masks 1-bit.

Which files are samples:

- training: the union of the training folders by file name;
- test: 3_Test with 4_Test_GT;
- 5_Blank only where training has no `Z_*`: those are byte copies of it. Its files then have
  no mask, which means no nucleus; a .png and a .tif of one name are one sample.

Images without a nucleus have the stratum ``blank``: the published protocol (44 training, 5
checking, 7 test) counts without them.

A group shows the same tissue: the tiles of one source image and `SAME_TISSUE`. The
published split is not free of such pairs; folds by group are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from segbench.datasets.base import RawSample, Reader, sorted_by_id
from segbench.datasets.published import read_binary
from segbench.datasets.sample_ids import ids_of
from segbench.datasets.tree import by_stem, locate, pictures
from segbench.decoders.images import read_image
from segbench.errors import SegbenchError

LAYOUT = (
    "the folder 01_Mouse_B6J_Kidney_Nucleus_All_ver190903 with 3_Test, 4_Test_GT and "
    "2nd_Train/1_Train, 1st_Train/1_Train or 1_Train"
)

#: Folders that hold training pairs. Of equal names the first is read.
TRAINING = ("2nd_Train", "1st_Train", "")

#: Source images that show the same tissue, found by correlating all pairs at all shifts (the
#: overlaps are 20 to 33 % of a tile; all other pairs correlate as unrelated ones do).
#: NepKid_12 and NepKid_14 are in the published test set, their partners in training.
SAME_TISSUE = {
    "NepKid_11": "NepKid_03",
    "NepKid_12": "NepKid_03",
    "WideEM_x1024-R0140": "NepKid_14",
}

_TILE = re.compile(r"-\d{3}$")
_SERIES = re.compile(r"[A-Za-z]+")


def is_base(folder: Path) -> bool:
    """Whether the publisher's folders of images and masks are in this one."""
    return (folder / "3_Test").is_dir() and any(
        (folder / name / "1_Train").is_dir() for name in TRAINING
    )


def source_image(sample: str) -> str:
    """Name the micrograph that a sample was cut from: no number of the tile.

    Examples
    --------
    >>> source_image("WideEM_x1024-R0641-000"), source_image("Z_01")
    ('WideEM_x1024-R0641', 'Z_01')
    """
    return _TILE.sub("", sample)


class KidneyNuclei(Reader):
    """Reader of the kidney nuclei; see the module for the layouts."""

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the samples from file names alone, sorted by id.

        Raises
        ------
        SegbenchError
            The folders are not there, an image has no mask or a mask no image, or an id
            occurs twice.
        """
        yield from self.scan_below(root, locate(root, is_base, LAYOUT))

    def scan_below(self, root: Path, base: Path) -> Iterator[RawSample]:
        """List the samples of the folder that holds the publisher's; see `scan`."""
        train: dict[str, RawSample] = {}
        for name in TRAINING:
            folders = (base / name / "1_Train", base / name / "2_Teacher")
            for raw in pairs(root, *folders, split="train"):
                train.setdefault(raw.sample, raw)
        test = list(pairs(root, base / "3_Test", base / "4_Test_GT", split="test"))
        if not any(sample.startswith("Z_") for sample in train):
            known = {*train, *(raw.sample for raw in test)}
            test += [raw for raw in _blanks(root, base / "5_Blank") if raw.sample not in known]
        yield from sorted_by_id(root, [*train.values(), *test])

    def read_image(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the micrograph.

        Returns
        -------
        ndarray
            (y, x, 1), uint8 (uint16 if the file has 16 bits). 1-bit files become 0 and 255;
            a colour file whose channels are equal gives one of them.

        Raises
        ------
        SegbenchError
            The file cannot be decoded or is in colour.
        """
        path = root / raw.images[0]
        pixels = read_image(path)
        grey = np.ascontiguousarray(pixels[..., :1])
        if pixels.ndim != 3 or (pixels != grey).any():
            raise SegbenchError(
                f"{path}: is in colour", "a grey micrograph", "restore the publisher's file"
            )
        return grey

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the mask of the nuclei.

        Returns
        -------
        ndarray
            (y, x), uint8: 0 background, 1 nucleus.

        Raises
        ------
        SegbenchError
            The file cannot be decoded or holds other values than two.
        """
        if not raw.labels:
            return np.zeros(self.read_image(root, raw).shape[:2], np.uint8)
        return read_binary(root / raw.labels[0]).astype(np.uint8)

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Give ``blank`` without a nucleus; else the series in lower case (nepkid, wideem)."""
        if not label.any():
            return "blank"
        series = _SERIES.match(raw.sample)
        return series.group().lower() if series else "other"


def pairs(
    root: Path, image_folder: Path, mask_folder: Path, split: Literal["train", "test"]
) -> Iterator[RawSample]:
    """Give the images and masks of equal names in two folders.

    Raises
    ------
    SegbenchError
        An image has no mask, or a mask no image.
    """
    images, masks = by_stem(image_folder), by_stem(mask_folder)
    for folder, missing, other in (
        (image_folder, sorted(images.keys() - masks.keys()), mask_folder),
        (mask_folder, sorted(masks.keys() - images.keys()), image_folder),
    ):
        if missing:
            raise SegbenchError(
                f"{folder}: {', '.join(missing)} without a file of this name in {other.name}",
                "an image and a mask of each name",
                "fetch the missing files, or remove these",
            )
    ids = ids_of(images)
    for stem, name in images.items():
        sample = ids[stem]
        tissue = SAME_TISSUE.get(source_image(sample))
        yield RawSample.below(
            root,
            sample,
            [image_folder / name],
            [mask_folder / masks[stem]],
            split=split,
            group=tissue or source_image(sample),
            joined=f"overlapping tissue: source image {tissue}" if tissue else "",
        )


def _blanks(root: Path, folder: Path) -> Iterator[RawSample]:
    """Pictures without masks; of a .png and a .tif with one name the .png."""
    first = {Path(name).stem: name for name in reversed(pictures(folder))}
    ids = ids_of(first)
    for stem, name in sorted(first.items()):
        sample = ids[stem]
        yield RawSample.below(root, sample, [folder / name], [], group=source_image(sample))


#: The reader of this format.
READER = KidneyNuclei
