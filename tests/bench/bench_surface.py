"""Surface distances of one full-size case against DeepMind's package surface-distance."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, alternately, one_core, peak_memory_mb, row

from segbench.metrics.surface import hausdorff_95, surfaces

SHAPE = (155, 240, 240)
SPACING_MM = (1.0, 1.0, 1.0)
MEMORY = """
import sys
import tempfile
from pathlib import Path
sys.path.insert(0, FOLDER)
import numpy as np
from bench_surface import tumour
from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from segbench.metrics import score

with tempfile.TemporaryDirectory() as folder:
    paths = [Path(folder) / f"{n}.zarr.zip" for n in ("truth", "segmentation")]
    for path, moved in zip(paths, (0, 3)):
        attributes = {"axes": "zyxk", "task": "overlapping", "classes": ["WT", "TC", "ET"],
                      "class_values": [1, 2, 3]}
        masks = np.stack([tumour(moved, size) for size in (30, 20, 12)], -1).astype(np.uint8)
        with ArchiveWriter(path, attributes) as writer:
            writer.add("a", {"label": masks}, {"spacing_mm": [1, 1, 1]})
    del masks
    labels = dict.fromkeys(("dataset", "preprocessing", "augmentation", "model", "protocol",
                            "fold"), "x") | {"seed": 0}
    folds = Path(folder) / "folds.tsv"
    write_folds([Assignment(0, "a", "a", "", "test")], folds)
    score(paths[1], paths[:1], folds, ["dice", "hd95"], "exclude", labels,
          Path(folder) / "s.parquet")
"""


def tumour(moved: int = 0, radius: float = 30.0) -> np.ndarray:
    """A rough ball, moved along all axes.

    Returns
    -------
    ndarray of bool, shape (155, 240, 240)
    """
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    z, y, x = z - 75 - moved, y - 120 + moved, x - 110 - moved
    rough = 4 * np.sin(y / 5) * np.cos(x / 4) * np.sin(z / 6)
    return np.sqrt(z**2 + y**2 + x**2) < radius + rough


def measure() -> list[Row]:
    """Measure ours and the package on one pair of masks, and check that they agree.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note, unit.
    """
    import surface_distance

    truth, prediction = tumour(), tumour(3)

    def ours() -> float:
        return hausdorff_95(surfaces(truth, prediction, SPACING_MM), "exclude", 0.0)

    def theirs() -> float:
        found = surface_distance.compute_surface_distances(truth, prediction, SPACING_MM)
        return float(surface_distance.compute_robust_hausdorff(found, 95))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if ours() != theirs():
            raise AssertionError(f"{ours()} and {theirs()} mm")
        with one_core():
            times = alternately(ours, theirs, 5)
    peak = peak_memory_mb(MEMORY.replace("FOLDER", repr(str(Path(__file__).parent))))
    size = " x ".join(map(str, SHAPE))
    return [
        row(f"HD95 of {size}; one core", times[0], "surface-distance", times[1], 1.5,
            f"both {ours():.3f} mm"),
        row(f"Dice and HD95 of {size} x 3, peak memory", peak, "1 GiB", 2**30 / 1e6, 1.0,
            "a whole scoring job", "MB"),
    ]  # fmt: skip


if __name__ == "__main__":
    for line in measure():
        print(line)
