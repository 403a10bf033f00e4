"""Amplification: every sample of a shard in every pose, made once, before the split."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path
from threading import Lock

import numpy as np

from segbench.archives import Archive, ArchiveWriter
from segbench.augmentation.poses import Pose, apply_pose, poses
from segbench.chunks import Encoded, encode
from segbench.config.augmentation import Amplification
from segbench.errors import SegbenchError
from segbench.parallel import log_progress, ordered_map
from segbench.unannotated import unannotated

log = logging.getLogger(__name__)

#: Bytes of decoded sources that are cached: copies come in shuffled order.
CACHE_BYTES = 64 * 2**20

Copy = tuple[str, Pose]


def copy_id(source: str, pose: Pose) -> str:
    """Id of a copy: the source's own for the original, else ``SOURCE--POSE``.

    Examples
    --------
    >>> copy_id("a", Pose()), copy_id("a", Pose(180, "vertical", dy=0.5))
    ('a', 'a--r180-fv-y1of2')
    """
    return source if pose == Pose() else f"{source}--{pose.name}"


def amplify_shard(source: Path, recipe: Amplification, output: Path, threads: int = 1) -> None:
    """Write all copies of all samples of one preprocessed shard.

    Parameters
    ----------
    source : Path
        A shard of the preprocessing stage. Samples of the publisher's test split are
        left out: what is tested on is never amplified.
    recipe : Amplification
        With ``shuffle``, the copies of all samples are written in one order shuffled by
        ``seed``; else sample by sample.
    output : Path
        ``*.zarr.zip`` with the arrays of `source`. The record of a copy is that of its
        source and the pose, so folds can go by source.
    threads : int, optional
        The bytes written do not depend on it.

    Raises
    ------
    SegbenchError
        The samples are volumes.

    Notes
    -----
    Memory: `CACHE_BYTES` of decoded sources and two copies per thread, whatever the size of
    the shard.
    """
    with Archive(source) as archive:
        if str(archive.attributes.get("axes", "")).startswith("z"):
            raise SegbenchError(
                f"{source}: holds volumes",
                "images: the poses turn and shift in the plane",
                "use jitter for volumes, or an augmentation recipe without amplification",
            )
        copies = ordered_copies(archive, recipe)
        sources = _Sources(archive)

        def make(copy: Copy) -> tuple[Copy, dict[str, Encoded]]:
            sample, pose = copy
            arrays = sources.read(sample)
            # A pose does not change the class of a whole image.
            moved = {
                n: apply_pose(a, pose, recipe.fill) if a.ndim > 1 else a for n, a in arrays.items()
            }
            if recipe.fill == "zero" and "label" in moved:
                _keep_unannotated(arrays["label"], moved["label"])
            return copy, encode(moved)

        attributes = {
            **archive.attributes,
            "stage": "amplify",
            "amplification": recipe.model_dump(mode="json"),
        }
        with ArchiveWriter(output, attributes) as writer:
            for number, (copy, arrays) in enumerate(ordered_map(make, copies, threads), 1):
                sample, pose = copy
                record = {**archive.record(sample), "source": sample, "pose": pose.record()}
                writer.add_encoded(copy_id(sample, pose), arrays, record)
                log_progress(log, "amplify: %d of %d copies", number, len(copies))


def _keep_unannotated(label: np.ndarray, moved: np.ndarray) -> None:
    """Fill masks that were not annotated at all with their mark: 0 would say that nothing is there.

    Parameters
    ----------
    label, moved : ndarray, (y, x) or (y, x, class)
        Before and after the pose.
    """
    hidden = unannotated(label)
    if label.ndim > 1 and hidden.any():
        absent = hidden.all(axis=(0, 1))
        moved[..., absent] = label[0, 0][absent]


def ordered_copies(archive: Archive, recipe: Amplification) -> list[Copy]:
    """List the copies to be written, in their order; reads no pixels.

    Parameters
    ----------
    archive : Archive
        The samples; those whose record says ``split: test`` are left out.
    """
    samples = [s for s in sorted(archive.ids) if archive.record(s).get("split") != "test"]
    copies = [(sample, pose) for sample in samples for pose in poses(recipe)]
    if not recipe.shuffle:
        return copies
    order = np.random.Generator(np.random.Philox(recipe.seed)).permutation(len(copies))
    return [copies[number] for number in order]


class _Sources:
    """The arrays of samples, the latest `CACHE_BYTES` of them kept decoded."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._kept: OrderedDict[str, dict[str, np.ndarray]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def read(self, sample: str) -> dict[str, np.ndarray]:
        """Give all arrays of one sample."""
        with self._lock:
            if sample in self._kept:
                self._kept.move_to_end(sample)
                return self._kept[sample]
            arrays = {name: self._archive.read(sample, name) for name in self._names(sample)}
            self._kept[sample] = arrays
            self._bytes += _size(arrays)
            while self._bytes > CACHE_BYTES and len(self._kept) > 1:
                self._bytes -= _size(self._kept.popitem(last=False)[1])
            return arrays

    def _names(self, sample: str) -> list[str]:
        return [name for name in ("image", "label") if self._archive.has(sample, name)]


def _size(arrays: dict[str, np.ndarray]) -> int:
    return sum(array.nbytes for array in arrays.values())
