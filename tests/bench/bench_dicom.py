"""DICOM series and segmentations: our decoder against pydicom and highdicom."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import highdicom
import numpy as np
import pydicom
from pydicom.pixels.processing import apply_rescale

from bench.measuring import Row, alternately, micrograph, one_core, row
from segbench.decoders.decoder import Choices
from segbench.decoders.registry import decoder_of, read
from unit.decoders.dicom_samples import save, slices

COUNT, SIDE = 60, 512
AIM = 0.9


def by_pydicom(folder: Path, scaled: bool) -> np.ndarray:
    """The slices by their place; scaled: in the modality's unit."""
    found = [pydicom.dcmread(path) for path in folder.iterdir()]
    found.sort(key=lambda one: one.ImagePositionPatient[2])
    if not scaled:
        return np.stack([one.pixel_array for one in found])
    return np.stack([apply_rescale(one.pixel_array, one) for one in found])


def by_highdicom(path: Path) -> np.ndarray:
    """The label map; highdicom counts slices the other way round."""
    volume = highdicom.seg.segread(path).get_volume(combine_segments=True)
    return np.asarray(volume.array[::-1])


def measure() -> Iterator[Row]:
    """Series without a scale, in Hounsfield units, with a slope; a segmentation."""
    grey, label = micrograph(SIDE)
    volume = np.stack([grey.astype(np.int16)] * COUNT)
    note = f"{COUNT} slices of {SIDE} x {SIDE}"
    with TemporaryDirectory() as name, one_core():
        for what, slope, intercept in (
            ("as stored", 1, 0), ("in HU", 1, -1024), ("with a slope", 0.7, 3),
        ):  # fmt: skip
            folder = Path(name) / what
            made = slices(volume, RescaleSlope=slope, RescaleIntercept=intercept, BitsStored=12,
                          HighBit=11)  # fmt: skip
            path = save(folder, made)
            peer = partial(by_pydicom, folder, (slope, intercept) != (1, 0))
            if not np.allclose(read(path).pixels, peer()):
                raise AssertionError(f"{what}: pydicom and ours disagree")
            ours, peers = alternately(lambda: read(path), peer, 5)  # noqa: B023
            yield row(f"read a series {what}", ours, "pydicom", peers, AIM, note)
        mask = Path(name) / "mask.dcm"
        values = np.stack([label * 2 + (grey > 128)] * COUNT)
        decoder_of(path).write_mask(values, mask, path, Choices())
        if not np.array_equal(read(mask).pixels, by_highdicom(mask)):
            raise AssertionError("highdicom and ours disagree")
        ours, peers = alternately(lambda: read(mask), lambda: by_highdicom(mask), 3)
        yield row("read a segmentation", ours, "highdicom", peers, AIM, f"{note}, 3 segments")
