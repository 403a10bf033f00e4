"""The reader of the kidney mitochondria."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.datasets.kidney_mitochondria import KidneyMitochondria, image_folders
from segbench.errors import SegbenchError
from unit.datasets.helpers import KIDNEY, kidney_pair, write_picture

READER = KidneyMitochondria()


def pair(folder: Path, name: str, size: int = 1024, filled: bool = True, side: int = 12) -> None:
    rng = np.random.default_rng(len(name))
    image = rng.integers(0, 256, (side, side), dtype=np.uint8)
    mask = np.zeros((side, side), np.uint8)
    mask[2:5, 3:7] = 255 * filled
    write_picture(folder / f"All_Mito_{size}_OriginalData" / name, image)
    write_picture(folder / f"All_Mito_{size}_GroundTruth" / name, mask)


@pytest.fixture()
def hub(tmp_path: Path) -> Path:
    root = tmp_path / "hub"
    pair(root / "01_Training", "Mito_01-000.png")
    pair(root / "01_Training", "Mito_01-001.png", filled=False)
    pair(root / "02_Testing", "Mito_07-000.png")
    return root


def samples(root: Path):
    return {raw.sample: raw for raw in READER.scan(root)}


def test_the_hubs_layout(hub):
    found = samples(hub)
    assert {name: (raw.split, raw.group) for name, raw in found.items()} == {
        "Mito_01-000": ("train", "Mito_01"),
        "Mito_01-001": ("train", "Mito_01"),
        "Mito_07-000": ("test", "Mito_07"),
    }
    assert list(found) == sorted(found)
    assert found["Mito_07-000"].files == (
        "02_Testing/All_Mito_1024_OriginalData/Mito_07-000.png",
        "02_Testing/All_Mito_1024_GroundTruth/Mito_07-000.png",
    )


def test_the_hubs_layout_inside_other_folders(hub, tmp_path):
    (tmp_path / "outer").mkdir()
    hub.rename(tmp_path / "outer" / "EM_id0005_Mouse_Kidney_2D_All_Mito_1024")
    found = samples(tmp_path / "outer")
    assert found["Mito_01-000"].images[0].startswith("EM_id0005_Mouse_Kidney_2D_All_Mito_1024/01_")


def test_the_smaller_tiles(tmp_path):
    pair(tmp_path / "01_Training", "a.png", 512)
    pair(tmp_path / "02_Testing", "b.png", 512)
    assert samples(tmp_path)["a"].images == ("01_Training/All_Mito_512_OriginalData/a.png",)


def test_of_both_sizes_the_larger_is_read(hub):
    for folder in ("01_Training", "02_Testing"):
        pair(hub / folder, f"{folder}-000.png", 512)
    found = samples(hub)
    assert len(found) == 3
    assert all("_1024_" in raw.images[0] for raw in found.values())


def test_names_that_start_over_in_the_test_set(hub):
    pair(hub / "02_Testing", "Mito_01-000.png")
    found = samples(hub)
    assert [(name, raw.split, raw.group) for name, raw in found.items()] == [
        ("Mito_01-000", "train", "Mito_01"),
        ("Mito_01-001", "train", "Mito_01"),
        ("Testing_Mito_01-000", "test", "Testing_Mito_01"),
        ("Testing_Mito_07-000", "test", "Testing_Mito_07"),
    ]


def test_the_layout_of_the_nuclei(tmp_path):
    base = tmp_path / "02_ImageDataset" / "02_Mouse_B6J_Kidney_Mito_All"
    kidney_pair(base, "Mito_01-000.png", 1)
    kidney_pair(base, "Mito_02-000.png", 0)
    write_picture(base / "3_Test/Mito_09-000.png", np.zeros((6, 6), np.uint8))
    write_picture(base / "4_Test_GT/Mito_09-000.png", np.eye(6).astype(bool))
    found = samples(tmp_path)
    assert {name: raw.split for name, raw in found.items()} == {
        "Mito_01-000": "train",
        "Mito_02-000": "train",
        "Mito_09-000": "test",
    }
    assert READER.read_label(tmp_path, found["Mito_09-000"]).sum() == 6


def test_the_nuclei_beside_them_are_another_dataset(kidney_tree):
    with pytest.raises(SegbenchError, match="the publisher's folders are not in it") as caught:
        samples(kidney_tree)
    assert "All_Mito_1024_OriginalData" in caught.value.expected
    mito = kidney_tree / "02_ImageDataset" / "02_Mouse_B6J_Kidney_Mito_All"
    shutil.copytree(kidney_tree / KIDNEY, mito)
    found = samples(kidney_tree)
    assert {raw.images[0].split("/")[1] for raw in found.values()} == {mito.name}


def test_images_and_masks(hub):
    found = samples(hub)
    image = READER.read_image(hub, found["Mito_01-000"])
    label = READER.read_label(hub, found["Mito_01-000"])
    assert (image.shape, image.dtype) == ((12, 12, 1), np.uint8)
    assert (label.shape, label.dtype, int(label.sum())) == ((12, 12), np.uint8, 12)


def test_strata(hub):
    strata = {
        name: READER.stratum(raw, READER.read_image(hub, raw), READER.read_label(hub, raw))
        for name, raw in samples(hub).items()
    }
    assert strata == {"Mito_01-000": "mito", "Mito_01-001": "blank", "Mito_07-000": "mito"}


@pytest.mark.parametrize("kind", ["OriginalData", "GroundTruth"])
def test_a_file_without_its_partner(hub, kind):
    (hub / f"01_Training/All_Mito_1024_{kind}/Mito_01-001.png").unlink()
    with pytest.raises(SegbenchError, match="Mito_01-001 without a file of this name"):
        samples(hub)


def test_folders_that_do_not_pair(hub):
    (hub / "01_Training/All_Mito_1024_GroundTruth").rename(hub / "01_Training/GroundTruth")
    assert image_folders(hub / "01_Training") is None
    with pytest.raises(SegbenchError, match="the publisher's folders are not in it"):
        samples(hub)


def test_no_folder_at_all(tmp_path):
    assert image_folders(tmp_path / "absent") is None
    with pytest.raises(SegbenchError, match="there is no such folder"):
        samples(tmp_path / "absent")


def test_a_mask_of_many_values_is_refused(hub):
    raw = samples(hub)["Mito_01-000"]
    Image.fromarray(np.arange(144, dtype=np.uint8).reshape(12, 12)).save(hub / raw.labels[0])
    with pytest.raises(SegbenchError, match="holds the values 0 "):
        READER.read_label(hub, raw)
