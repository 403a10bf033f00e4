"""A folder of new images, networks that answer "bright", and a store."""

from __future__ import annotations

import json

import nibabel
import numpy as np
from PIL import Image

from segbench.inference.images import write_manifest
from segbench.inference.stage import apply_model

OUTPUTS = {
    "applied": "applied.json",
    "objects": "objects.parquet",
    "turtle": "objects.ttl",
    "jsonld": "objects.jsonld",
}


def bright(path, axes=2, channels=1, maps=1, threshold=0.5):
    """A network whose k-th map is 1 where the k-th channel is above a threshold."""
    import keras

    inputs = keras.Input((*[None] * axes, channels))
    layer = {2: keras.layers.Conv2D, 3: keras.layers.Conv3D}[axes](maps, 1, name="logits")
    model = keras.Model(inputs, layer(inputs))
    kernel = np.zeros((*[1] * axes, channels, maps), np.float32)
    for number in range(maps):
        kernel[..., number % channels, number] = 60
    model.set_weights([kernel, np.full(maps, -60 * threshold, np.float32)])
    model.save(path)
    return path


class Place:
    """A folder of images, networks and a store."""

    def __init__(self, root, caplog):
        self.root, self.caplog = root, caplog
        self.images, self.results = root / "new", root / "applied/mine"

    def image(self, name, pixels):
        path = self.images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".nii.gz"):
            nibabel.save(nibabel.Nifti1Image(pixels.T, np.diag([1, 2, 3, 1.0])), path)
        else:
            Image.fromarray(pixels).save(path)

    def apply(self, networks, labels, recipe=None, preprocessing=None, table=None, terminal=None,
              **changes):  # fmt: skip
        write_manifest(self.images, self.root / "list.tsv", self.root / "cache.json")
        self.caplog.clear()
        settings = {
            "model": "which/best",
            "study": "which",
            "images": str(self.images),
            "spacing_um": None,
            "choices": {},
            "labels": {"task": labels[0], "classes": labels[1]},
            "arms": [
                {
                    "names": {"preprocessing": "p", "augmentation": "a", "model": m, "seed": 0},
                    "folds": list(range(len(files))),
                    "preprocessing": {"normalise": "none", **(preprocessing or {})},
                    "recipe": {"training": {"precision": "float32"}, **(recipe or {})},
                }
                for m, files in networks.items()
            ],
            **changes,
        }
        computed = apply_model(
            self.root / "list.tsv",
            [file for files in networks.values() for file in files],
            table,
            settings,
            "code",
            {key: self.results / name for key, name in OUTPUTS.items()},
            terminal,
        )
        self.lines = self.caplog.messages
        self.record = json.loads((self.results / "applied.json").read_text())
        return computed

    def mask(self, name):
        with Image.open(self.results / "masks" / name) as image:
            return np.asarray(image)

    def files(self):
        found = (p for p in self.results.rglob("*") if p.is_file())
        return sorted(p.relative_to(self.results).as_posix() for p in found)


CELLS = "instances", {"cell": 1}
SEPARATE = {"target": "foreground", "instances": {"method": "components"}}


def spots(*corners, side=40, value=255):
    """A dark picture with bright squares of 6 pixels."""
    pixels = np.zeros((side, side + 8), np.uint8)
    for y, x in corners:
        pixels[y : y + 6, x : x + 6] = value
    return pixels


def numbered(pixels):
    """What must be found in `spots`, the squares in reading order."""
    from skimage.measure import label

    return label(pixels > 127).astype(np.uint16)
