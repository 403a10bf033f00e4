from __future__ import annotations

import shutil
from collections import Counter

import numpy as np
import pytest

from segbench.datasets.kidney_nuclei import SAME_TISSUE, KidneyNuclei, source_image
from segbench.errors import SegbenchError
from unit.datasets.helpers import KIDNEY, kidney_pair, write_picture

READER = KidneyNuclei()


def ids(root):
    return [raw.sample for raw in READER.scan(root)]


def test_newer_layout(kidney_tree):
    samples = list(READER.scan(kidney_tree))
    assert [(s.sample, s.split, s.group) for s in samples] == [
        ("NepKid_01-000", "train", "NepKid_01"),
        ("NepKid_13-000", "test", "NepKid_13"),
        ("WideEM_x1024-R0005-000", "train", "WideEM_x1024-R0005"),
        ("Z_01", "train", "Z_01"),
    ]
    first = samples[0]
    assert first.images == (f"{KIDNEY}/2nd_Train/1_Train/NepKid_01-000.png",)
    assert first.labels == (f"{KIDNEY}/2nd_Train/2_Teacher/NepKid_01-000.png",)
    assert samples[1].files == (
        f"{KIDNEY}/3_Test/NepKid_13-000.png",
        f"{KIDNEY}/4_Test_GT/NepKid_13-000.png",
    )


def test_older_layout_gives_the_same_samples(kidney_tree):
    expected = ids(kidney_tree)
    base = kidney_tree / KIDNEY
    for folder in ("1_Train", "2_Teacher"):
        shutil.move(base / "2nd_Train" / folder, base / folder)
    for folder in ("1st_Train", "2nd_Train"):
        shutil.rmtree(base / folder)
    (kidney_tree / "02_ImageDataset").rename(kidney_tree / "01_ImageDataset")
    assert ids(kidney_tree) == expected
    first = next(READER.scan(kidney_tree))
    assert first.images[0].startswith("01_ImageDataset/01_Mouse")
    assert first.images[0].endswith("All_ver190903/1_Train/NepKid_01-000.png")


@pytest.mark.parametrize("below", ["", "02_ImageDataset", KIDNEY])
def test_root_may_be_any_folder_above_or_the_folder_itself(kidney_tree, below):
    assert len(ids(kidney_tree / below)) == 4


def test_root_may_be_a_repository_around_it(kidney_tree, tmp_path):
    (tmp_path / "outer").mkdir()
    kidney_tree.rename(tmp_path / "outer" / "BH2019-Fukuoka-master")
    assert len(ids(tmp_path / "outer")) == 4


def test_union_of_the_training_folders(kidney_tree):
    base = kidney_tree / KIDNEY
    kidney_pair(base / "1st_Train", "NepKid_30-000.png", 5)
    samples = {s.sample: s for s in READER.scan(kidney_tree)}
    assert "/1st_Train/" in samples["NepKid_30-000"].images[0]
    assert "/2nd_Train/" in samples["NepKid_01-000"].images[0]


def test_blank_folder_counts_only_without_z(kidney_tree):
    base = kidney_tree / KIDNEY
    shutil.rmtree(base / "2nd_Train")
    nothing = np.zeros((6, 6), np.uint8)
    write_picture(base / "5_Blank" / "Blank_01.png", nothing.astype(bool))
    write_picture(base / "5_Blank" / "Blank_01.tif", nothing)
    samples = {s.sample: s for s in READER.scan(kidney_tree)}
    assert sorted(samples) == [
        "Blank_01",
        "NepKid_01-000",
        "NepKid_13-000",
        "WideEM_x1024-R0005-000",
        "WideEM_x1024-R0007",
    ]
    blank = samples["Blank_01"]
    assert blank.images == (f"{KIDNEY}/5_Blank/Blank_01.png",)
    assert blank.labels == ()
    image, label = READER.read_image(kidney_tree, blank), READER.read_label(kidney_tree, blank)
    assert (image.shape, image.dtype, label.shape) == ((6, 6, 1), np.uint8, (6, 6))
    assert READER.stratum(blank, image, label) == "blank"


def test_junk_files_are_skipped(kidney_tree):
    base = kidney_tree / KIDNEY
    for name in ("1st_Train/1_Train/._NepKid_01-000.png", "3_Test/.DS_Store", "3_Test/Thumbs.db"):
        (base / name).write_bytes(b"junk")
    (kidney_tree / "__MACOSX" / KIDNEY / "3_Test").mkdir(parents=True)
    assert len(ids(kidney_tree)) == 4


def test_image_and_label(kidney_tree):
    samples = {s.sample: s for s in READER.scan(kidney_tree)}
    image = READER.read_image(kidney_tree, samples["NepKid_01-000"])
    label = READER.read_label(kidney_tree, samples["NepKid_01-000"])
    expected = np.random.default_rng(1).integers(0, 256, (12, 10), dtype=np.uint8)
    assert image.shape == (12, 10, 1)
    assert np.array_equal(image[..., 0], expected)
    assert label.dtype == np.uint8
    assert np.unique(label).tolist() == [0, 1]
    assert label.sum() == 12


@pytest.mark.parametrize("value", [1, 255])
def test_masks_of_8_bits_give_the_same_label(kidney_tree, value):
    raw = next(READER.scan(kidney_tree))
    expected = READER.read_label(kidney_tree, raw)
    write_picture(kidney_tree / raw.labels[0], expected * np.uint8(value))
    assert np.array_equal(READER.read_label(kidney_tree, raw), expected)


def test_grey_saved_in_colour_is_read_as_grey(kidney_tree):
    raw = next(READER.scan(kidney_tree))
    grey = READER.read_image(kidney_tree, raw)
    write_picture(kidney_tree / raw.images[0], np.repeat(grey, 3, axis=2))
    assert np.array_equal(READER.read_image(kidney_tree, raw), grey)
    colour = np.repeat(grey, 3, axis=2)
    colour[0, 0] = 1, 2, 3
    write_picture(kidney_tree / raw.images[0], colour)
    with pytest.raises(SegbenchError, match=r"NepKid_01-000\.png: is in colour"):
        READER.read_image(kidney_tree, raw)


def test_strata(kidney_tree):
    found = {}
    for raw in READER.scan(kidney_tree):
        image, label = READER.read_image(kidney_tree, raw), READER.read_label(kidney_tree, raw)
        found[raw.sample] = READER.stratum(raw, image, label)
    assert found == {
        "NepKid_01-000": "nepkid",
        "NepKid_13-000": "nepkid",
        "WideEM_x1024-R0005-000": "wideem",
        "Z_01": "blank",
    }


@pytest.mark.parametrize(
    ("sample", "source"),
    [
        ("NepKid_03-000", "NepKid_03"),
        ("WideEM_x1024-0013-000", "WideEM_x1024-0013"),
        ("WideEM_x1024-R0641-012", "WideEM_x1024-R0641"),
        ("Z_16", "Z_16"),
        ("WideEM_x1024-R0007", "WideEM_x1024-R0007"),
    ],
)
def test_source_image(sample, source):
    assert source_image(sample) == source


def test_tiles_of_one_tissue_are_one_group(kidney_tree):
    base = kidney_tree / KIDNEY
    kidney_pair(base / "1st_Train", "WideEM_x1024-R0140-000.png", 5)
    groups = {s.sample: s.group for s in READER.scan(kidney_tree)}
    assert groups["WideEM_x1024-R0140-000"] == "NepKid_14"


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("2nd_Train/2_Teacher/Z_01.png", r"1_Train: Z_01 without a file of this name in 2_Teach"),
        ("2nd_Train/1_Train/Z_01.png", r"2_Teacher: Z_01 without a file of this name in 1_Train"),
        ("4_Test_GT/NepKid_13-000.png", r"3_Test: NepKid_13-000 without .* in 4_Test_GT"),
    ],
)
def test_halves_of_pairs_are_named(kidney_tree, gone, message):
    (kidney_tree / KIDNEY / gone).unlink()
    with pytest.raises(SegbenchError, match=message):
        ids(kidney_tree)


def test_a_training_image_in_the_test_folder_is_named(kidney_tree):
    base = kidney_tree / KIDNEY
    for source, target in (("1_Train", "3_Test"), ("2_Teacher", "4_Test_GT")):
        shutil.copy(base / "1st_Train" / source / "NepKid_01-000.png", base / target)
    with pytest.raises(SegbenchError, match=r"3_Test.*: has the id 'NepKid_01-000', as .*1_Train"):
        ids(kidney_tree)


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(SegbenchError) as error:
        ids(tmp_path)
    assert "3_Test" in error.value.expected


def test_real_counts(publisher_data):
    samples = list(READER.scan(publisher_data / "kidney_em"))
    assert Counter(s.split for s in samples) == {"train": 65, "test": 7}
    assert sum(s.sample.startswith("Z_") for s in samples) == 16
    assert len({s.sample for s in samples}) == 72


def test_real_fractions(publisher_data):
    root = publisher_data / "kidney_em"
    strata, fractions, sizes = Counter(), [], set()
    for raw in READER.scan(root):
        image, label = READER.read_image(root, raw), READER.read_label(root, raw)
        assert image.shape == (*label.shape, 1)
        assert image.dtype == np.uint8
        strata[READER.stratum(raw, image, label)] += 1
        sizes.update(label.shape)
        if label.any():
            fractions.append(label.mean())
    assert strata == {"blank": 16, "nepkid": 12, "wideem": 44}
    assert len(fractions) == 56
    assert min(fractions) == pytest.approx(0.014, abs=5e-4)
    assert max(fractions) == pytest.approx(0.397, abs=5e-4)
    assert np.mean(fractions) == pytest.approx(0.168, abs=1e-3)
    assert (min(sizes), max(sizes)) == (1002, 1074)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NepKid_14-000", "WideEM_x1024-R0140-000"),
        ("NepKid_03-000", "NepKid_12-000"),
        ("NepKid_03-000", "NepKid_11-000"),
    ],
)
def test_real_tiles_show_the_same_tissue(publisher_data, one, other):
    """Some patch of one tile is found again in the other; in an unrelated tile it is not."""
    cv2 = pytest.importorskip("cv2")
    root = publisher_data / "kidney_em"
    samples = {s.sample: s for s in READER.scan(root)}
    assert samples[one].group == samples[other].group
    assert samples[one].group in SAME_TISSUE.values()

    def small(sample):
        image = READER.read_image(root, samples[sample])[..., 0]
        return cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA)

    def best(haystack, needle):
        corners = [(y, x) for y in range(0, 193, 32) for x in range(0, 193, 32)]
        patches = [needle[y : y + 64, x : x + 64] for y, x in corners]
        patches = [p for p in patches if p.std() > 12]
        return max(cv2.matchTemplate(haystack, p, cv2.TM_CCOEFF_NORMED).max() for p in patches)

    assert best(small(one), small(other)) > 0.75
    assert best(small("NepKid_05-000"), small(other)) < 0.6
