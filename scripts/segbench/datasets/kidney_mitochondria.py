"""Mitochondria in electron micrographs of the mouse kidney, by the publisher of the nuclei.

As Bioconductor's ExperimentHub gives them out (EM_id0005_Mouse_Kidney_2D), found at the raw
root or up to four folders below it::

    01_Training/All_Mito_1024_OriginalData/    grey images of 1024 x 1024 px
    01_Training/All_Mito_1024_GroundTruth/     masks of equal names
    02_Testing/...                             the same two folders

or the same with 512 for 1024; where both sizes are there, the larger one is read, of which the
smaller one is a part. The folders of the nuclei (1_Train, 2_Teacher, 3_Test, 4_Test_GT) are
read too. Images, masks, groups and strata are as those of the nuclei.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from segbench.datasets.base import RawSample
from segbench.datasets.kidney_nuclei import KidneyNuclei, is_base, pairs
from segbench.datasets.tree import locate, subfolders

LAYOUT = (
    "01_Training and 02_Testing, each with All_Mito_1024_OriginalData and "
    "All_Mito_1024_GroundTruth (or 512), or 1_Train, 2_Teacher, 3_Test and 4_Test_GT"
)
TRAINING, TESTING = "01_Training", "02_Testing"

_IMAGES = re.compile(r"(.*?(\d*)_)OriginalData")


def image_folders(folder: Path) -> tuple[Path, Path] | None:
    """Give the folders of images and of masks inside 01_Training or 02_Testing.

    Returns
    -------
    tuple of Path or None
        Those of the largest tiles, by the number in their names; None if there are none.
    """
    if not folder.is_dir():
        return None
    found = []
    for name in subfolders(folder):
        match = _IMAGES.fullmatch(name)
        if match and (folder / f"{match[1]}GroundTruth").is_dir():
            found.append((int(match[2] or 0), folder / name, folder / f"{match[1]}GroundTruth"))
    return max(found)[1:] if found else None


def _is_hub(folder: Path) -> bool:
    return all(image_folders(folder / name) is not None for name in (TRAINING, TESTING))


def _is_either(folder: Path) -> bool:
    # The nuclei lie beside the mitochondria in some copies; they are another dataset.
    return _is_hub(folder) or (is_base(folder) and "nucleus" not in folder.name.lower())


class KidneyMitochondria(KidneyNuclei):
    """Reader of the kidney mitochondria; see the module for the layouts."""

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the samples from file names alone, sorted by id.

        Where the names of the test tiles start over, they get ``Testing_`` in front.

        Raises
        ------
        SegbenchError
            The folders are not there, or an image has no mask or a mask no image.
        """
        base = locate(root, _is_either, LAYOUT)
        training, testing = image_folders(base / TRAINING), image_folders(base / TESTING)
        if training is None or testing is None:
            yield from self.scan_below(root, base)
            return
        train = list(pairs(root, *training, split="train"))
        test = list(pairs(root, *testing, split="test"))
        if {raw.sample for raw in train} & {raw.sample for raw in test}:
            test = [
                replace(raw, sample=f"Testing_{raw.sample}", group=f"Testing_{raw.group}")
                for raw in test
            ]
        yield from sorted(train + test, key=lambda raw: raw.sample)


#: The reader of this format.
READER = KidneyMitochondria
