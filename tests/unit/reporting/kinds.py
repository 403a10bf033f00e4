"""Archives of every kind of label: overlapping masks, many classes, volumes, whole images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segbench.archives import ArchiveWriter

CLOTHES = (
    "skin", "hair", "hat", "accessories", "coat", "dress", "top", "trousers", "shoes", "bag",
    "underwear", "scarf", "socks", "sunglasses",
)  # fmt: skip
ORGANS = ("stomach", "large_bowel", "small_bowel")
REGIONS = ("WT", "TC", "ET")
TISSUES = ("colon", "kidney", "liver", "lung", "spleen")


def disc(shape: tuple[int, ...], centre: tuple[float, ...], radius: float) -> np.ndarray:
    """A disc or ball, bool."""
    grid = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) < radius**2


def write(
    folder: Path,
    kind: dict,
    samples: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    image: dict | None = None,
    records: dict[str, dict] | None = None,
) -> tuple[Path, Path, Path]:
    """Archives of images, predictions and truth.

    `samples`: id -> (image, truth, prediction); `kind`: attributes of the labels; `image`:
    further attributes of the images.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.zarr.zip" for name in ("prep", "segmentation", "truth")]
    axes = kind["axes"].removesuffix("k") + "c" if kind["axes"] != "s" else "yxc"
    prep = {"stage": "preprocess", "image_scale": 1 / 255, **kind, "axes": axes, **(image or {})}
    with (
        ArchiveWriter(paths[0], prep) as images,
        ArchiveWriter(paths[1], {**kind, "stage": "segment"}) as predicted,
        ArchiveWriter(paths[2], {**kind, "stage": "truth"}) as truth,
    ):
        for name, (pixels, ours, theirs) in sorted(samples.items()):
            images.add(name, {"image": pixels}, (records or {}).get(name))
            truth.add(name, {"label": ours})
            predicted.add(name, {"label": theirs})
    return paths[0], paths[1], paths[2]


def noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Grey noise, uint8."""
    return np.random.default_rng(seed).integers(60, 160, shape).astype(np.uint8)


def overlapping(folder: Path) -> tuple[Path, Path, Path]:
    """Three samples of three organs that overlap, 80 x 100."""
    found = {}
    for number, name in enumerate("abc"):
        masks = [disc((80, 100), (40, 30 + 18 * k), 20 - 3 * k) for k in range(3)]
        truth = np.stack(masks, axis=-1).astype(np.uint8)
        found[name] = (noise((80, 100, 1), number), truth, np.roll(truth, 3 * number, axis=0))
    kind = {
        "axes": "yxk", "task": "overlapping", "classes": list(ORGANS), "class_values": [1, 2, 3]
    }  # fmt: skip
    return write(folder, kind, found)


def clothes(folder: Path) -> tuple[Path, Path, Path]:
    """Three photos of 14 classes, 120 x 80, as RGB."""
    found = {}
    for number, name in enumerate("abc"):
        truth = np.zeros((120, 80), np.uint8)
        for value in range(1, 15):
            row, column = divmod(value - 1, 3)
            truth[4 + 23 * row : 22 + 23 * row, 4 + 25 * column : 26 + 25 * column] = value
        guess = np.roll(truth, 2 + number, axis=1)
        found[name] = (noise((120, 80, 3), number), truth, guess)
    kind = {
        "axes": "yx", "task": "semantic", "classes": list(CLOTHES),
        "class_values": list(range(1, 15)), "background": "background",
    }  # fmt: skip
    return write(folder, kind, found)


def volumes(folder: Path) -> tuple[Path, Path, Path]:
    """Two volumes of nested regions, 20 x 60 x 50, cropped by the recipe to z 2...18, x 5...45."""
    found, records = {}, {}
    shape = (20, 60, 50)
    for number, name in enumerate("ab"):
        whole = disc(shape, (8, 30, 25), 15)
        core = disc(shape, (11, 28, 27), 8)
        active = disc(shape, (13, 27, 28), 4)
        truth = np.stack([whole | core | active, core | active, active], axis=-1).astype(np.uint8)
        image = 40 + 60 * truth.sum(axis=-1, dtype=np.uint8)
        image = np.repeat(image[..., None], 4, axis=-1)
        image[..., 1:] = 255
        crop = [[2, 18], [0, 60], [5, 45]]
        records[name] = {"crop": crop, "original_size": list(shape)}
        cut = image[2:18, :, 5:45]
        found[name] = (np.ascontiguousarray(cut), truth, np.roll(truth, 2 + number, axis=1))
    kind = {
        "axes": "zyxk", "task": "overlapping", "classes": list(REGIONS), "class_values": [1, 2, 3]
    }  # fmt: skip
    return write(folder, kind, found, {"axes": "zyxc"}, records)


def tissues(folder: Path, count: int = 40) -> tuple[Path, Path, Path]:
    """Images of five tissues; every fifth is taken for the next one, surely."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.zarr.zip" for name in ("prep", "segmentation", "truth")]
    kind = {
        "task": "classification", "classes": list(TISSUES), "class_values": [1, 2, 3, 4, 5],
        "axes": "s",
    }  # fmt: skip
    prep = {**kind, "axes": "yxc", "image_scale": 1 / 255}
    rng = np.random.default_rng(0)
    with (
        ArchiveWriter(paths[0], prep) as images,
        ArchiveWriter(paths[1], kind) as predicted,
        ArchiveWriter(paths[2], kind) as truth,
    ):
        for number in range(count):
            name, own = f"t{number:03d}", number % 5
            said = (own + 1) % 5 if number % 6 == 0 else own
            logits = rng.normal(0, 0.4, 5)
            logits[said] += 1 + 2 * rng.random()
            odds = np.exp(logits) / np.exp(logits).sum()
            said = int(odds.argmax())
            colour = np.array([[220, 120, 160], [180, 60, 90], [120, 40, 60], [240, 200, 210],
                               [150, 90, 170]])[own]  # fmt: skip
            pixels = np.clip(colour + rng.normal(0, 15, (48, 48, 3)), 0, 255).astype(np.uint8)
            images.add(name, {"image": pixels})
            truth.add(name, {"label": np.array([own + 1], np.uint8)})
            predicted.add(
                name,
                {
                    "label": np.array([said + 1], np.uint8),
                    "probability": odds.astype(np.float32),
                },
            )
    return paths[0], paths[1], paths[2]
