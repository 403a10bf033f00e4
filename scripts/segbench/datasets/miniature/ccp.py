"""A miniature of Clothing Co-Parsing: made-up street photos with .mat annotations.

Difficulties, as in the real ones: classes differ by their place on the body and not by their
colour, which is arbitrary; neighbours may have similar colours; the street behind is cluttered; a
few classes (hat, scarf/tie, socks, underwear) are rare. Photos have the real aspect ratio at two
fifths of the real size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from scipy import ndimage

from segbench.datasets.miniature.drawing import (
    check_no_test_samples,
    generator,
    shading,
    texture,
    to_uint8,
)
from segbench.files import atomic_path

#: The publisher's labels; the place is the number.
LABELS = (
    "null", "accessories", "bag", "belt", "blazer", "blouse", "bodysuit", "boots", "bra",
    "bracelet", "cape", "cardigan", "clogs", "coat", "dress", "earrings", "flats", "glasses",
    "gloves", "hair", "hat", "heels", "hoodie", "intimate", "jacket", "jeans", "jumper",
    "leggings", "loafers", "necklace", "panties", "pants", "pumps", "purse", "ring", "romper",
    "sandals", "scarf", "shirt", "shoes", "shorts", "skin", "skirt", "sneakers", "socks",
    "stockings", "suit", "sunglasses", "sweater", "sweatshirt", "swimwear", "t-shirt", "tie",
    "tights", "top", "vest", "wallet", "watch", "wedges",
)  # fmt: skip
NUMBER = {name: number for number, name in enumerate(LABELS)}

WIDTH = 220
#: Fixed header of MATLAB files, so that the date does not make two runs differ.
MATLAB_HEAD = b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: Wed Aug 13 20:13:52 2014"

SKINS = ((0.93, 0.78, 0.68), (0.85, 0.66, 0.53), (0.62, 0.44, 0.33), (0.45, 0.3, 0.22))
HAIRS = ((0.12, 0.09, 0.08), (0.3, 0.19, 0.12), (0.72, 0.55, 0.32), (0.5, 0.22, 0.1))
TOPS = ("blouse", "shirt", "t-shirt", "sweater", "top", "hoodie", "suit")
COATS = ("coat", "jacket", "cardigan")
TROUSERS = ("jeans", "pants", "leggings")
SHOES = ("shoes", "boots", "heels", "sneakers", "flats", "pumps")

Point = tuple[float, float]


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `photos`, `annotations` and `label_list.mat`.
    samples : int
        Photos with pixel labels. Two more have tags only, as half of the real ones.
    test_samples : int
        Must be 0: the publisher names no test set.
    seed : int
        The same seed gives the same bytes.
    """
    check_no_test_samples(test_samples)
    names = np.empty((1, len(LABELS)), object)
    names[0, :] = LABELS
    save_mat(root / "label_list.mat", "label_list", names)
    for index in range(samples + 2):
        image, label = picture(generator(seed, index), index)
        name = f"{index + 1:04d}"
        _save_photo(root / "photos" / f"{name}.jpg", image)
        if index < samples:
            save_mat(root / f"annotations/pixel-level/{name}.mat", "groundtruth", label)
        else:
            tags = np.unique(label)[None]
            save_mat(root / f"annotations/image-level/{name}.mat", "tags", tags)


def save_mat(path: Path, name: str, value: np.ndarray) -> None:
    """Write one variable as a MATLAB 5 file; equal values give equal bytes.

    SciPy writes the date and the platform into the first 116 bytes, which are words for
    people: here they are always the same.
    """
    from scipy.io import savemat

    buffer = BytesIO()
    savemat(buffer, {name: value}, do_compression=True)
    data = bytearray(buffer.getbuffer())
    data[:116] = MATLAB_HEAD.ljust(116)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as part:
        part.write_bytes(data)


def _save_photo(path: Path, pixels: np.ndarray) -> None:
    """Write a JPEG file with colours at half resolution, as the real ones have them."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, format="JPEG", quality=90, subsampling=2)


def picture(rng: np.random.Generator, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one photo.

    Parameters
    ----------
    rng : Generator
        Source of everything random in it.
    index : int
        Number of the photo: rare clothes take turns, so that small sets hold them all.

    Returns
    -------
    image : ndarray
        (y, x, 3), uint8.
    label : ndarray
        (y, x), uint8, the publisher's 59 labels.
    """
    height = int(rng.integers(320, 350))
    person = _Person(rng, (height, WIDTH))
    _dress(person, index)
    return _paint(rng, person), person.label


@dataclass
class _Person:
    """A standing person: regions are drawn into the label map, the last ones on top.

    Lengths are in heads: the figure is eight heads high, x runs from its middle.
    """

    rng: np.random.Generator
    shape: tuple[int, int]
    label: np.ndarray = field(init=False)
    #: Label -> colour, 0 to 1.
    colours: dict[int, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        height, width = self.shape
        self.label = np.zeros(self.shape, np.uint8)
        self.unit = height / 8 * self.rng.uniform(0.84, 0.93)
        self.top = height * self.rng.uniform(0.04, 0.08)
        self.middle = width * self.rng.uniform(0.4, 0.6)
        self.build = self.rng.uniform(0.9, 1.2)
        self.colours = {
            NUMBER["skin"]: np.array(SKINS[self.rng.integers(len(SKINS))]),
            NUMBER["hair"]: np.array(HAIRS[self.rng.integers(len(HAIRS))]),
        }

    def number(self, name: str) -> int:
        """The label's number; its colour is drawn when it is first used."""
        number = NUMBER[name]
        self.colours.setdefault(number, self.rng.uniform(0.05, 0.95, 3))
        return number

    def polygon(self, name: str, points: Sequence[Point], mirrored: bool = False) -> None:
        """Fill a polygon of (x, y) in heads, and its mirror image too."""
        import cv2

        number = self.number(name)
        for side in (1, -1) if mirrored else (1,):
            corners = [
                (self.middle + side * x * self.unit * self.build, self.top + y * self.unit)
                for x, y in points
            ]
            cv2.fillPoly(self.label, [np.rint(corners).astype(np.int32)], number)

    def ellipse(self, name: str, centre: Point, radii: Point, mirrored: bool = False) -> None:
        """Fill an ellipse; centre and radii (x, y) in heads."""
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        ring = [
            (centre[0] + radii[0] * float(np.cos(a)), centre[1] + radii[1] * float(np.sin(a)))
            for a in angles
        ]
        self.polygon(name, ring, mirrored)

    def one_of(self, names: Sequence[str]) -> str:
        """One of some labels."""
        return names[int(self.rng.integers(len(names)))]


def _dress(person: _Person, index: int) -> None:
    """Draw a whole person from the back to the front."""
    rng = person.rng
    if rng.random() < 0.6:
        person.ellipse("hair", (0, 0.8), (0.55, 0.95))
    _legs(person, index)
    _torso(person, index)
    person.polygon("skin", [(-0.16, 0.9), (0.16, 0.9), (0.2, 1.45), (-0.2, 1.45)])
    if index % 8 == 2:
        person.polygon(
            person.one_of(("scarf", "tie")), [(-0.35, 1.2), (0.35, 1.2), (0.2, 2.6), (-0.2, 2.2)]
        )
    person.ellipse("skin", (0, 0.6), (0.36, 0.5))
    person.ellipse("hair", (0, 0.22), (0.42, 0.26))
    if index % 3 == 1:
        person.ellipse("sunglasses", (0.16, 0.58), (0.14, 0.08), mirrored=True)
    if index % 7 == 3:
        person.ellipse("hat", (0, 0.28), (0.7, 0.1))
        person.ellipse("hat", (0, 0.1), (0.4, 0.25))
    if rng.random() < 0.6:
        side = 1 if rng.random() < 0.5 else -1
        person.ellipse(person.one_of(("bag", "purse")), (side * 1.15, 4.4), (0.4, 0.45))


def _legs(person: _Person, index: int) -> None:
    """Draw legs, trousers or skirt, and shoes."""
    rng = person.rng
    long = [(0.05, 3.6), (0.75, 3.6), (0.55, 7.5), (0.12, 7.5)]
    person.polygon("skin", [(0.08, 3.6), (0.62, 3.6), (0.42, 7.5), (0.14, 7.5)], mirrored=True)
    if index % 6 == 3:
        person.polygon(person.one_of(("tights", "stockings")), long, mirrored=True)
    kind = index % 4
    if kind in (0, 2):
        person.polygon(person.one_of(TROUSERS), long, mirrored=True)
    elif kind == 1 and rng.random() < 0.5:
        person.polygon("shorts", [(0.0, 3.5), (0.8, 3.5), (0.75, 5.0), (0.08, 5.0)], mirrored=True)
    else:
        hem = rng.uniform(5.0, 6.2)
        person.polygon("skirt", [(-0.6, 3.4), (0.6, 3.4), (0.9, hem), (-0.9, hem)])
    shoes = person.one_of(SHOES)
    person.ellipse(shoes, (0.36, 7.65), (0.3, 0.2), mirrored=True)
    if shoes == "boots":
        person.polygon(shoes, [(0.08, 6.6), (0.6, 6.6), (0.55, 7.6), (0.1, 7.6)], mirrored=True)


def _torso(person: _Person, index: int) -> None:
    """Draw trunk, arms and the clothes on them."""
    rng = person.rng
    trunk = [(-0.85, 1.4), (0.85, 1.4), (0.62, 2.8), (0.72, 3.9), (-0.72, 3.9), (-0.62, 2.8)]
    arm = [(0.7, 1.4), (0.95, 1.6), (1.15, 3.9), (0.9, 3.9)]
    person.polygon("skin", arm, mirrored=True)
    person.ellipse("skin", (1.03, 4.05), (0.16, 0.22), mirrored=True)
    if index % 12 == 7:
        person.polygon("skin", trunk)
        person.polygon("swimwear", [(-0.7, 1.7), (0.7, 1.7), (0.66, 2.3), (-0.66, 2.3)])
        return
    if index % 4 == 3:
        hem = rng.uniform(4.8, 5.8)
        person.polygon(
            "dress", [(-0.8, 1.4), (0.8, 1.4), (0.6, 2.8), (1.0, hem), (-1.0, hem), (-0.6, 2.8)]
        )
        return
    name = person.one_of(TOPS)
    person.polygon(name, trunk)
    if rng.random() < 0.6:
        person.polygon(name, [*arm[:2], (1.12, 3.6), (0.9, 3.6)], mirrored=True)
    if index % 5 in (0, 3):
        coat = person.one_of(COATS)
        person.polygon(coat, [(0.25, 1.4), (0.95, 1.4), (0.9, 4.6), (0.45, 4.6)], mirrored=True)
        person.polygon(coat, [*arm[:2], (1.16, 3.8), (0.92, 3.8)], mirrored=True)
    elif rng.random() < 0.5:
        person.polygon("belt", [(-0.68, 3.45), (0.68, 3.45), (0.7, 3.65), (-0.7, 3.65)])


def _paint(rng: np.random.Generator, person: _Person) -> np.ndarray:
    """Give each region its colour, its cloth and the light of the street."""
    shape = person.shape
    image = _street(rng, shape)
    cloth = texture(rng, shape, 1.5)
    folds = texture(rng, shape, 9)
    for number, colour in sorted(person.colours.items()):
        inside = person.label == number
        rough = 0.01 if LABELS[number] == "skin" else float(rng.uniform(0.02, 0.07))
        light = 1 + rough * cloth[inside] + 0.06 * folds[inside]
        image[inside] = colour * light[:, None]
    image *= (1 + 0.15 * shading(rng, shape))[..., None]
    image = ndimage.gaussian_filter(image, (0.7, 0.7, 0), mode="reflect")
    return to_uint8(image + 0.012 * rng.standard_normal(image.shape))


def _street(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A wall with doors and windows, and a pavement: (y, x, 3), float64."""
    height, width = shape
    image = np.empty((height, width, 3))
    image[:] = rng.uniform(0.35, 0.85) + 0.1 * rng.standard_normal(3)
    for _ in range(int(rng.integers(3, 8))):
        top, left = int(rng.integers(0, height - 60)), int(rng.integers(0, width - 20))
        box = np.s_[top : top + int(rng.integers(20, 160)), left : left + int(rng.integers(10, 60))]
        image[box] = rng.uniform(0.1, 0.9, 3)
    horizon = int(height * rng.uniform(0.7, 0.9))
    image[horizon:] = rng.uniform(0.3, 0.7)
    return image + 0.04 * texture(rng, shape, 3)[..., None]
