from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.remarks import EQUAL_PERCENTILES, UNKNOWN
from segbench.inference.images import NewImage
from segbench.inference.preparing import Preparer, named

SIZE = (12, 16)


def images(folder: Path, *names: str) -> list[NewImage]:
    """Grey images whose value is their place."""
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full(SIZE, 10 * number, np.uint8)).save(folder / name)
    return [NewImage(name, f"{number:064d}", name[:-4]) for number, name in enumerate(names)]


def recipe(**steps: object) -> Preprocessing:
    return Preprocessing.model_validate(steps)


def test_an_image_is_resized_and_its_size_remembered(tmp_path: Path):
    (image,) = images(tmp_path, "a.png")
    preparer = Preparer(tmp_path, [image], recipe(resize={"height": 6, "width": 8}))
    opened = preparer.open(image)
    assert opened.source is image
    assert opened.original.shape == (*SIZE, 1)
    assert opened.prepared.shape == (6, 8, 1)
    assert (opened.size, opened.spacing_mm) == (SIZE, None)


def test_spacing_is_that_of_the_request_in_millimetres(tmp_path: Path):
    (image,) = images(tmp_path, "a.png")
    opened = Preparer(tmp_path, [image], recipe(), (0.5, 0.25)).open(image)
    assert opened.spacing_mm == pytest.approx((0.0005, 0.00025))


def test_a_result_depends_on_the_slices_around_it(tmp_path: Path):
    stack = images(tmp_path, "s/1.png", "s/2.png", "s/3.png", "t/1.png")
    alone = Preparer(tmp_path, stack, recipe())
    assert alone.depends_on(stack[1]) == [stack[1].sha256]
    around = Preparer(tmp_path, stack, recipe(neighbours=1))
    assert around.depends_on(stack[1]) == [one.sha256 for one in stack[:3]]
    assert around.depends_on(stack[0]) == [one.sha256 for one in stack[:2]]
    assert around.depends_on(stack[3]) == [stack[3].sha256], "of another folder"


def test_neighbouring_slices_are_channels(tmp_path: Path):
    stack = images(tmp_path, "s/1.png", "s/2.png", "s/3.png")
    opened = Preparer(tmp_path, stack, recipe(neighbours=1, normalise="none")).open(stack[1])
    assert opened.original.shape == (*SIZE, 1)
    assert opened.prepared.shape == (*SIZE, 3)
    assert np.diff(opened.prepared[0, 0].astype(float)).min() > 0, "in the order of the stack"


def test_a_damaged_image_is_named(tmp_path: Path):
    (image,) = images(tmp_path, "a.png")
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(SegbenchError, match=r"a\.png"):
        Preparer(tmp_path, [image], recipe()).open(image)


def test_an_error_without_the_image_gets_its_name(tmp_path: Path):
    image = NewImage("a.png", "0" * 64, "a")
    error = named(tmp_path, image, SegbenchError("too small", "larger", "crop less"))
    assert error.what == f"{tmp_path / 'a.png'}: too small"
    assert named(tmp_path, image, error) is error


def test_what_was_found_in_the_pixels_is_told(tmp_path: Path):
    pixels = np.full(SIZE, 3, np.float32)
    pixels[2, 2:4] = np.nan, 180  # one of 191 pixels is bright
    np.save(tmp_path / "a.npy", pixels)
    image = NewImage("a.npy", "0" * 64, "a")
    opened = Preparer(tmp_path, [image], recipe(normalise="percentile")).open(image)
    assert set(opened.notes) == {UNKNOWN, EQUAL_PERCENTILES}
    assert (opened.prepared == 255).sum() == 1
