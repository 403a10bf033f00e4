"""Amplification x 113 against a NumPy loop with Zarr, and against writing the bytes alone."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, alternately, micrograph, one_core, peak_memory_mb, row, timed

from segbench.archives import Archive, ArchiveWriter
from segbench.augmentation.amplification import amplify_shard
from segbench.config.augmentation import Amplification

SIDE, SAMPLES, THREADS = 256, 4, 2
RECIPE = Amplification(fill="wrap")


def prepared(path: Path) -> None:
    """A shard of the preprocessing stage."""
    with ArchiveWriter(path, {"stage": "preprocess"}) as writer:
        for number in range(SAMPLES):
            image, label = micrograph(SIDE, number)
            writer.add(f"s{number}", {"image": image[..., None], "label": label}, {})


def numpy_loop(source: Path, output: Path) -> None:
    """The same copies the plain way: np.rot90, np.flip, np.roll and the zarr library."""
    import zarr

    with Archive(source) as archive:
        samples = {n: [archive.read(n, k) for k in ("image", "label")] for n in archive.ids}
    count = RECIPE.copies * len(samples)
    store = zarr.storage.ZipStore(output, mode="w")
    codec = zarr.codecs.ZstdCodec(level=1)
    group = zarr.create_group(store)
    arrays = [
        group.create_array(name, shape=(count, *shape), chunks=(1, *shape), dtype=np.uint8,
                           compressors=codec)
        for name, shape in (("image", (SIDE, SIDE, 1)), ("label", (SIDE, SIDE)))
    ]  # fmt: skip
    position = 0
    for parts in samples.values():
        for copy in range(RECIPE.copies):
            for array, values in zip(arrays, parts, strict=True):
                array[position] = _pose_by_number(values, copy)
            position += 1
    store.close()


def _pose_by_number(values: np.ndarray, copy: int) -> np.ndarray:
    if copy == 0:
        return values
    pose, shift = divmod(copy - 1, 14)
    rotation, flip = divmod(pose, 2)
    values = np.rot90(values, rotation)
    if flip:
        values = np.flip(values, 1)
    pixels = (shift % 7 + 1) * SIDE // 8
    return np.roll(values, pixels, axis=1 if shift < 7 else 0)


def write_bytes(path: Path, data: bytes) -> None:
    """Write and sync, nothing else."""
    with path.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def check_same(ours: Path, theirs: Path) -> None:
    """Both hold the same pictures, in whatever order."""
    import zarr

    group = zarr.open_group(zarr.storage.ZipStore(theirs, mode="r"), mode="r")
    pairs = zip(group["image"][:], group["label"][:], strict=True)
    expected = sorted(image.tobytes() + label.tobytes() for image, label in pairs)
    with Archive(ours) as archive:
        found = sorted(
            archive.read(n, "image").tobytes() + archive.read(n, "label").tobytes()
            for n in archive.ids
        )
    if found != expected:
        raise AssertionError("the copies differ from those of the NumPy loop")


MEMORY = """
import tempfile
from pathlib import Path
import numpy as np
from segbench.archives import ArchiveWriter
from segbench.augmentation import amplification
from segbench.config.augmentation import Amplification

amplification.CACHE_BYTES = 2**20
with tempfile.TemporaryDirectory() as folder:
    source = Path(folder) / "prep.zarr.zip"
    with ArchiveWriter(source, {}) as writer:
        for n in range(COUNT):
            image = np.random.default_rng(n).integers(0, 256, (256, 256, 1), np.uint8)
            writer.add(f"s{n}", {"image": image, "label": image[..., 0] // 128}, {})
    amplification.amplify_shard(source, Amplification(), Path(folder) / "amp.zarr.zip", 2)
"""


def memory() -> Row:
    """Peak memory with few samples and with many."""
    few, many = (peak_memory_mb(MEMORY.replace("COUNT", str(count))) for count in (2, 24))
    note = (
        f"{22 * 113} copies more hold {22 * 113 * 2 * 256**2 / 1e6:.0f} MB of pixels; what grows "
        "is the list of ids and digests"
    )
    return row(
        "amplification, peak memory with 24 samples", many, "2 samples", few, 0.8, note, "MB"
    )


def measure() -> list[Row]:
    """Measure amplification.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note, unit ("s" or "MB").
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, ours, theirs = (folder / f"{n}.zarr.zip" for n in ("prep", "ours", "theirs"))
        prepared(source)
        with one_core():
            ours_s, loop_s = alternately(
                lambda: amplify_shard(source, RECIPE, ours), lambda: numpy_loop(source, theirs), 4
            )
        check_same(ours, theirs)
        data = ours.read_bytes()
        write_s, _ = timed(lambda: write_bytes(folder / "bytes", data), 5)
        one, two = alternately(
            lambda: amplify_shard(source, RECIPE, ours, 1),
            lambda: amplify_shard(source, RECIPE, ours, THREADS),
            3,
        )
    what = f"amplification x 113 of {SAMPLES} images of {SIDE}²"
    copies = RECIPE.copies * SAMPLES
    return [
        row(f"{what}; one core", ours_s, "NumPy loop, zarr", loop_s, 2.0,
            f"same pictures; ours {ours_s / copies * 1e3:.2f} ms a copy"),
        row(f"{what}; one core", ours_s, "writing the same bytes", write_s, None,
            f"ours takes {ours_s / write_s:.1f} times as long as writing and syncing "
            f"{len(data) / 1e6:.0f} MB: it also moves, compresses and digests them"),
        row(f"{what}; {THREADS} threads", two, "1 thread", one, None,
            "the bytes are the same; Zstandard and SHA-256 run beside the writing"),
        memory(),
    ]  # fmt: skip


if __name__ == "__main__":
    for line in measure():
        print(line)
