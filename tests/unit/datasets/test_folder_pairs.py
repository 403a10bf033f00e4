"""Which mask belongs to which image: names that pair, and names that do not."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from segbench.config.dataset import Class
from unit.datasets.folders import (
    SHAPE,
    fault,
    folder_of,
    image,
    label,
    make,
    save,
    scan,
)


def test_a_suffix_of_all_masks_is_found(tmp_path):
    root = folder_of(tmp_path, {f"{name}.png": label() for name in ("a1", "a10", "b")})
    for path in (root / "masks").iterdir():
        path.rename(path.with_name(f"{path.stem}_seg.png"))
    error = fault(make(), root)
    assert "3 of 3 images have no mask" in error.what
    assert error.action == "set layout.mask_suffix: '_seg' in the dataset's config"


def test_a_suffix_of_all_images_is_found(tmp_path):
    root = folder_of(tmp_path, {f"{name}.png": label() for name in "ab"})
    for path in (root / "images").iterdir():
        path.rename(path.with_name(f"{path.stem}_0000.png"))
    assert fault(make(), root).action.startswith("set layout.image_suffix: '_0000'")


def test_single_names_are_told_with_the_nearest(tmp_path):
    root = folder_of(tmp_path, {f"slide_{n}.png": label() for n in (1, 2, 3)})
    (root / "masks/slide_2.png").rename(root / "masks/slied_2.png")
    error = fault(make(), root)
    assert "1 of 3 images have no mask" in error.what
    assert "slide_2.png (nearest: slied_2.png)" in error.what
    assert "1 of 3 masks have no image" in error.what
    assert "slied_2.png (nearest: slide_2.png)" in error.what
    assert "save an empty mask" in error.action


def test_many_names_are_counted(tmp_path):
    root = folder_of(tmp_path, {f"x{n}.png": label() for n in range(9)})
    for number in range(8):
        (root / f"masks/x{number}.png").unlink()
    assert "8 of 9 images have no mask" in fault(make(), root).what
    assert "and 3 more" in fault(make(), root).what


def test_two_files_of_one_stem(tmp_path):
    root = folder_of(tmp_path, {"a.png": label()})
    save(root / "images/a.tif", image())
    error = fault(make(), root)
    assert error.what.endswith("images: a.png and a.tif differ only in their ending")


def test_two_masks_of_one_stem(tmp_path):
    root = folder_of(tmp_path, {"a.png": label()})
    save(root / "masks/a.nii.gz", label())
    assert "a.nii.gz and a.png differ only in their ending" in fault(make(), root).what


def test_two_images_never_share_an_id(tmp_path):
    for name in ("case.a", "case/a"):
        save(tmp_path / f"images/{name}.png", image())
        save(tmp_path / f"masks/{name}.png", label())
    found = scan(make(), tmp_path)
    assert found["case.a"].images == ("images/case.a.png",)
    other = next(raw for name, raw in found.items() if name != "case.a")
    assert other.sample.startswith("case.a-")
    assert other.images == ("images/case/a.png",)


def test_names_of_every_kind_are_taken(tmp_path):
    names = ["Image 01 (2)", "a--b", "Zelle ä", "[x]", "細胞"]
    root = folder_of(tmp_path, {f"{name}.png": label(2, k) for k, name in enumerate(names)})
    rows = "".join(f"{name},g{k}\n" for k, name in enumerate(names))
    (root / "sheet.csv").write_text(f"sample,group\n{rows}", encoding="utf-8")
    source = make(sheet="sheet.csv")
    found = {Path(raw.images[0]).stem: raw for raw in source.scan(root)}
    assert [found[name].sample for name in names[:4]] == ["Image_01_2", "a-b", "Zelle_a", "x"]
    for k, name in enumerate(names):
        assert found[name].group == f"g{k}"
        assert np.array_equal(source.read_label(root, found[name]), label(2, k))
    (root / "sheet.csv").write_text((root / "sheet.csv").read_text().replace("a--b", "a-b"))
    assert {raw.sample for raw in source.scan(root)} == {raw.sample for raw in found.values()}


def test_accents_pair_however_they_are_stored(tmp_path):
    save(tmp_path / "images/Zelle\u0308.png", image())
    save(tmp_path / "masks/Zell\u00eb.png", label())
    for name in ("Zell\u00eb", "Zelle\u0308.png", "Zelle"):
        (tmp_path / "sheet.csv").write_text(f"sample,group\n{name},P1\n", encoding="utf-8")
        (raw,) = make(sheet="sheet.csv").scan(tmp_path)
        assert (raw.sample, raw.group) == ("Zelle", "P1")


def test_images_without_the_suffix_that_the_layout_says(tmp_path):
    root = folder_of(tmp_path, {"a.png": label()})
    error = fault(make(image_suffix="_img"), root)
    assert "a.png: does not end in '_img'" in error.what
    assert "layout.image_suffix" in error.action


@pytest.mark.parametrize(("names", "said"), [((), "(it is empty)"), (("a.xyz",), "in .xyz are")])
def test_an_empty_folder(tmp_path, names, said):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    for name in names:
        (tmp_path / "images" / name).write_bytes(b"x")
    error = fault(make(), tmp_path)
    assert "images: no images are in it" in error.what
    assert said in error.what


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_one_file_holds_image_and_mask(tmp_path, ending):
    arrays = {"raw": image(0, SHAPE), "label": label(2)}
    (tmp_path / "images").mkdir()
    if ending == ".npz":
        np.savez(tmp_path / "images/a_1.npz", **arrays)
    else:
        with h5py.File(tmp_path / "images/a_1.h5", "w") as file:
            file.update(arrays)
    names = {"dataset": "raw", "mask_dataset": "label", "image_suffix": "_1"}
    source = make(masks="images", **names)
    found = scan(source, tmp_path)["a"]
    assert found.files == (f"images/a_1{ending}",)
    assert np.array_equal(source.read_image(tmp_path, found)[..., 0], arrays["raw"])
    assert np.array_equal(source.read_label(tmp_path, found), arrays["label"])
    assert "layout.mask_dataset" in fault(make(masks="images", dataset="raw"), tmp_path).action


def test_folders_of_classes_pair_however_accents_are_stored(tmp_path):
    save(tmp_path / "images/a.png", image())
    save(tmp_path / "masks/Ze\u0301ro/a.png", label(1) * np.uint8(255))
    classes = (Class(name="z\u00e9ro", value=1),)
    source = make("overlapping", classes)
    (raw,) = source.scan(tmp_path)
    assert np.array_equal(source.read_label(tmp_path, raw)[..., 0], label(1))
