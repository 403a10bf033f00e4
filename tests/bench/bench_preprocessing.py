"""Preprocessing 1024 x 1024 to 256 x 256 with CLAHE, against plain scikit-image."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from measuring import (
    Row,
    alternately,
    micrograph,
    one_core,
    peak_memory_mb,
    row,
    two_processes_speedup,
)

from segbench.chunks import encode
from segbench.config.preprocessing import Clahe, Preprocessing, Size
from segbench.decoders.registry import read
from segbench.imaging.prepare import prepare_sample
from segbench.parallel import ordered_map

SIDE, NEW, GAMMA = 1024, 256, 1.2
RECIPE = Preprocessing(resize=Size(height=NEW, width=NEW), clahe=Clahe(), gamma=GAMMA)
#: One histogram bin is clip_limit levels of 256 high; gamma steepens it.
TOLERANCE = 2 * GAMMA / 255 * 1.02
MEAN_TOLERANCE = 0.02 / 255
AIM = 5.0


def plain(image: np.ndarray) -> np.ndarray:
    """The composition as one would write it with scikit-image, 0...1."""
    from skimage import exposure
    from skimage.transform import resize

    image = resize(image, (NEW, NEW), order=1, anti_aliasing=True)
    image = exposure.rescale_intensity(image, out_range=(0.0, 1.0))
    image = exposure.equalize_adapthist(image, NEW // 8, clip_limit=2 / 256, nbins=256)
    return exposure.adjust_gamma(image, GAMMA)


def against_scikit_image() -> Row:
    """One image, one core."""
    image, label = micrograph(SIDE)
    exact = RECIPE.model_copy(update={"dtype": "float32"})
    ours = prepare_sample(image, label, exact).image[..., 0]
    difference = abs(ours - plain(image))
    if difference.max() > TOLERANCE or difference.mean() > MEAN_TOLERANCE:
        raise AssertionError(f"differs from scikit-image by up to {difference.max() * 255} levels")
    with one_core():
        ours_s, peer_s = alternately(
            lambda: prepare_sample(image, label, RECIPE),
            lambda: np.rint(plain(image) * 255).astype(np.uint8),
            25,
        )
    note = (
        f"same result: largest difference {difference.max() * 255:.2f}, mean "
        f"{difference.mean() * 255:.5f} of 255 levels before rounding to 8 bits; ours also "
        "resizes the label"
    )
    name = f"preprocessing {SIDE}² to {NEW}², CLAHE, gamma; one core"
    return row(name, ours_s, "scikit-image", peer_s, AIM, note)


def over_two_cores() -> Row:
    """Files to chunks, by one thread and by two."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_pictures(Path(folder), 12)

        def run(threads: int) -> Callable[[], None]:
            return lambda: [None for _ in ordered_map(from_file, files, threads)]

        one, two = alternately(run(1), run(2), 6)
    machine = two_processes_speedup()
    note = f"12 PNG files; two processes of plain hashing gain {machine:.2f} on this machine now"
    return row("preprocessing from file to chunk, 2 threads", two, "1 thread", one, 1.7, note)


def from_file(path: Path) -> object:
    """Read, prepare and compress one picture."""
    image = read(path).pixels
    found = prepare_sample(image, (image > 128).astype(np.uint8), RECIPE)
    return encode({"image": found.image, "label": found.label})


def write_pictures(folder: Path, count: int) -> list[Path]:
    """Some PNG files."""
    from PIL import Image

    paths = [folder / f"{number:03d}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(micrograph(SIDE, number)[0]).save(path)
    return paths


MEMORY = """
import sys, tempfile
from pathlib import Path
import numpy as np
from segbench.config.dataset import Class, Dataset
from segbench.config.preprocessing import Clahe, Preprocessing, Size
from segbench.datasets.base import RawSample
from segbench.imaging import shard, stages

class Made:
    def scan(self, root):
        return (RawSample(f"s{n:04d}", (f"s{n:04d}",), ()) for n in range(COUNT))
    def read_image(self, root, raw):
        rng = np.random.default_rng(int(raw.sample[1:]))
        return rng.integers(0, 256, (1024, 1024, 1), np.uint8)
    def read_label(self, root, raw):
        return np.zeros((1024, 1024), np.uint8)

shard.reader = stages.reader = lambda name: Made()
dataset = Dataset(title="t", format="made", task="semantic", licence="", citation="",
                  protocols={}, classes=(Class(name="x", value=1),))
recipe = Preprocessing(resize=Size(height=256, width=256), clahe=Clahe())
with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    names = [f"s{n:04d}" for n in range(COUNT)]
    (folder / "i").write_text("sample\\tpath\\n" + "".join(f"{n}\\t{n}\\n" for n in names))
    (folder / "s").write_text("sample\\tgroup\\tsplit\\tspacing_y_mm\\tspacing_x_mm\\n"
                              + "".join(f"{n}\\t{n}\\ttrain\\t\\t\\n" for n in names))
    output = folder / "o.zarr.zip"
    stages.preprocess_shard(dataset, recipe, folder, folder / "i", folder / "s", output, 2)
"""


def memory() -> Row:
    """Peak memory with few samples and with many."""
    few, many = (peak_memory_mb(MEMORY.replace("COUNT", str(count))) for count in (8, 160))
    note = "152 samples more hold 160 MB of pixels; 2 threads, about 100 MB are Python's imports"
    return row(
        "preprocessing, peak memory with 160 samples", many, "8 samples", few, 0.9, note, "MB"
    )


def measure() -> list[Row]:
    """Measure preprocessing.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note, unit ("s" or "MB").
    """
    return [against_scikit_image(), over_two_cores(), memory()]


if __name__ == "__main__":
    for line in measure():
        print(line)
