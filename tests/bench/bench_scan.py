"""Scanning a folder of 50,000 images and masks, against pathlib listings paired by name."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, alternately, one_core, row

from segbench.config.dataset import Class
from segbench.datasets.folder import Folder

FOLDERS, SLICES = 50, 500


def write(root: Path) -> None:
    """Empty files: patients with slices, and their masks."""
    for kind in ("images", "masks"):
        for patient in range(FOLDERS):
            folder = root / kind / f"p{patient}"
            folder.mkdir(parents=True)
            for number in range(SLICES):
                (folder / f"slice_{number}.png").touch()


def paired(root: Path) -> dict[str, tuple[Path, Path]]:
    """Images and masks by their names without ending, as a notebook pairs them."""
    images, masks = (
        {
            path.relative_to(root / kind).with_suffix("").as_posix(): path
            for path in (root / kind).rglob("*.png")
        }
        for kind in ("images", "masks")
    )
    if images.keys() != masks.keys():
        raise ValueError("images and masks do not pair")
    return {name: (images[name], masks[name]) for name in sorted(images)}


def measure() -> list[Row]:
    """Measure one scan, and check that both list the same samples.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note.
    """
    reader = Folder("semantic", (Class(name="cell", value=1),))
    with TemporaryDirectory() as folder, one_core():
        root = Path(folder)
        write(root)
        names = [raw.sample.replace(".", "/") for raw in reader.scan(root)]
        if sorted(names) != list(paired(root)):
            raise AssertionError("the listings disagree")
        ours, peers = alternately(lambda: list(reader.scan(root)), lambda: paired(root), 3)
    what = f"scanning {2 * FOLDERS * SLICES:,} files of a folder"
    return [row(what, ours, "pathlib, paired", peers, None, "ours with ids and all checks")]


if __name__ == "__main__":
    for line in measure():
        print(line)
