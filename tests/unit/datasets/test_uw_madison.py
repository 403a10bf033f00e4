from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from segbench.config.dataset import Class
from segbench.datasets import reader_of
from segbench.datasets.base import RawSample
from segbench.datasets.rle import decode, encode
from segbench.datasets.uw_madison import ORGANS, Slice, UwMadison, parse_name
from segbench.errors import SegbenchError
from unit.datasets.helpers import make_dataset, shipped, write_picture

READER = UwMadison(ORGANS)
DAY = "train/case123/case123_day20/scans"
SAMPLE = "case123_day20_slice_0065"


def write_table(
    root: Path, rows: list[tuple[str, ...]], head: str = "id,class,segmentation"
) -> None:
    lines = [head, *(",".join(row) for row in rows)]
    (root / "train.csv").write_text("\n".join(lines) + "\n")


def rows_of(sample: str, **masks: str) -> list[tuple[str, ...]]:
    return [(sample, organ, masks.get(organ, "")) for organ in ORGANS]


def write_slice(root: Path, name: str, folder: str = DAY, seed: int = 0) -> np.ndarray:
    """A slice of the size that its name says."""
    height, width = parse_name(name, name).shape
    pixels = np.random.default_rng(seed).integers(0, 40_000, (height, width), dtype=np.uint16)
    write_picture(root / folder / name, pixels)
    return pixels


@pytest.fixture()
def tree(tmp_path: Path) -> Path:
    """Two days of one case and one of another: 5 slices of 6 x 8 px, one with organs."""
    root = tmp_path / "uw"
    for number in (1, 65, 66):
        write_slice(root, f"slice_{number:04d}_8_6_1.50_1.63.png", seed=number)
    write_slice(root, "slice_0065_8_6_1.50_1.50.png", "train/case123/case123_day22/scans")
    write_slice(root, "slice_0065_8_6_1.50_1.50.png", "train/case7/case7_day0/scans")
    rows = rows_of("case123_day20_slice_0001") + rows_of("case123_day20_slice_0066")
    rows += rows_of(SAMPLE, stomach="1 3 9 3", small_bowel="10 2 48 1")
    rows += rows_of("case123_day22_slice_0065") + rows_of("case7_day0_slice_0065")
    rows += rows_of("case99_day1_slice_0001", stomach="1 99999")
    write_table(root, rows)
    return root


def samples(root: Path, source: UwMadison = READER) -> dict[str, RawSample]:
    return {raw.sample: raw for raw in source.scan(root)}


def test_slices(tree):
    found = samples(tree)
    assert list(found) == [
        "case123_day20_slice_0001",
        "case123_day20_slice_0065",
        "case123_day20_slice_0066",
        "case123_day22_slice_0065",
        "case7_day0_slice_0065",
    ]
    assert found[SAMPLE] == RawSample(
        sample=SAMPLE,
        images=(f"{DAY}/slice_0065_8_6_1.50_1.63.png",),
        labels=("train.csv",),
        group="case123",
        stack="case123_day20",
        position=65,
    )


def test_a_group_is_a_case_and_a_stack_is_a_day(tree):
    found = samples(tree).values()
    assert sorted({(raw.group, raw.stack) for raw in found}) == [
        ("case123", "case123_day20"),
        ("case123", "case123_day22"),
        ("case7", "case7_day0"),
    ]
    assert [raw.position for raw in found][:3] == [1, 65, 66]


def test_a_tree_inside_other_folders(tree, tmp_path):
    (tmp_path / "outer").mkdir()
    tree.rename(tmp_path / "outer" / "uw-madison-gi-tract-image-segmentation")
    raw = samples(tmp_path / "outer")[SAMPLE]
    assert raw.labels == ("uw-madison-gi-tract-image-segmentation/train.csv",)
    assert READER.read_label(tmp_path / "outer", raw).sum() == 9


def test_junk_is_skipped(tree):
    (tree / DAY / "._slice_0001_8_6_1.50_1.63.png").write_bytes(b"junk")
    (tree / DAY / "Thumbs.db").write_bytes(b"junk")
    (tree / "train" / ".ipynb_checkpoints" / "x").mkdir(parents=True)
    assert len(samples(tree)) == 5


def test_a_slice_has_16_bits(tree):
    raw = samples(tree)[SAMPLE]
    image = READER.read_image(tree, raw)
    expected = np.random.default_rng(65).integers(0, 40_000, (6, 8), dtype=np.uint16)
    assert (image.shape, image.dtype) == ((6, 8, 1), np.uint16)
    assert np.array_equal(image[..., 0], expected)
    assert image.max() > 255


def test_masks_run_along_rows(tree):
    label = READER.read_label(tree, samples(tree)[SAMPLE])
    assert (label.shape, label.dtype) == ((6, 8, 3), np.uint8)
    large, small, stomach = np.moveaxis(label, 2, 0)
    assert not large.any()
    assert np.argwhere(stomach).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert np.argwhere(small).tolist() == [[1, 1], [1, 2], [5, 7]]
    # Both masks have (1, 1) and (1, 2): organs may overlap.
    assert (label.sum(axis=2) == 2).sum() == 2


def test_strata(tree):
    found = samples(tree)
    strata = {
        name: READER.stratum(raw, READER.read_image(tree, raw), READER.read_label(tree, raw))
        for name, raw in found.items()
    }
    assert strata.pop(SAMPLE) == "organs"
    assert set(strata.values()) == {"empty"}


def test_spacing(tree):
    found = samples(tree)
    assert READER.spacing_mm(tree, found[SAMPLE]) == (3.0, 1.63, 1.5)
    assert READER.spacing_mm(tree, found["case7_day0_slice_0065"]) == (3.0, 1.5, 1.5)


# The names of the files.


def test_the_publishers_example():
    assert parse_name("slice_0065_266_266_1.50_1.50.png", "-") == Slice(
        "0065", (266, 266), (1.5, 1.5)
    )


@given(st.integers(0, 9999), *[st.integers(1, 999)] * 2, *[st.integers(1, 999)] * 2)
def test_width_comes_before_height(number, width, height, across, down):
    name = f"slice_{number:04d}_{width}_{height}_{across / 100:.2f}_{down / 100:.2f}.png"
    found = parse_name(name, "-")
    assert found.shape == (height, width)
    assert found.spacing_mm == (down / 100, across / 100)
    assert int(found.number) == number


@pytest.mark.parametrize(
    "name",
    [
        "slice_0065.png",
        "slice_0065_266_266.png",
        "slice_0065_266_266_1.50_1.50.tif",
        "slice_0065_266_266_1.50.png",
        "slice_0065_0_266_1.50_1.50.png",
        "slice_0065_266_266_0.00_1.50.png",
        "slice_x_266_266_1.50_1.50.png",
        "0065_266_266_1.50_1.50.png",
        "slice_0065_266_266_1.50_1.50_copy.png",
    ],
)
def test_names_that_say_nothing(name):
    with pytest.raises(SegbenchError, match="does not say number, size and spacing") as caught:
        parse_name(name, f"folder/{name}")
    assert name in caught.value.what


def test_a_strange_file_among_the_slices(tree):
    (tree / DAY / "slice_0002.png").write_bytes(b"")
    with pytest.raises(SegbenchError, match=r"slice_0002\.png: this name"):
        samples(tree)


def test_a_slice_twice(tree):
    write_slice(tree, "slice_0065_9_6_1.50_1.50.png")
    with pytest.raises(
        SegbenchError, match=r"0065_9_6.*has the id 'case123_day20_slice_0065', as train/"
    ):
        samples(tree)


@pytest.mark.parametrize("name", ["case7_day1", "case123", "case123_day", "scans"])
def test_a_folder_that_is_no_day_of_its_case(tree, name):
    (tree / "train" / "case123" / name).mkdir()
    with pytest.raises(SegbenchError, match=rf"case123/{name}: is not a scan of a case"):
        samples(tree)


def test_pixels_of_another_size_than_the_name_says(tree):
    path = tree / DAY / "slice_0065_8_6_1.50_1.63.png"
    write_picture(path, np.zeros((8, 6), np.uint16))
    with pytest.raises(SegbenchError, match="is 6 wide and 8 high") as caught:
        READER.read_image(tree, samples(tree)[SAMPLE])
    assert caught.value.expected == "8 wide and 6 high, as its name says"


@pytest.mark.parametrize(
    "pixels", [np.zeros((6, 8), np.uint8), np.zeros((6, 8, 3), np.uint8), np.zeros((6, 8), bool)]
)
def test_pixels_of_another_kind(tree, pixels):
    write_picture(tree / DAY / "slice_0065_8_6_1.50_1.63.png", pixels)
    with pytest.raises(SegbenchError, match=f"0065.*{pixels.dtype} pixels") as caught:
        READER.read_image(tree, samples(tree)[SAMPLE])
    assert caught.value.expected == "grey pixels of 16 bits"


def test_a_damaged_slice_is_named(tree):
    path = tree / DAY / "slice_0065_8_6_1.50_1.63.png"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SegbenchError, match=r"slice_0065_8_6_1\.50_1\.63\.png: cannot be decoded"):
        READER.read_image(tree, samples(tree)[SAMPLE])


# The table.


def test_a_slice_without_rows(tree):
    write_table(tree, rows_of("case123_day20_slice_0001"))
    with pytest.raises(SegbenchError, match=rf"{SAMPLE} has no row for large_bowel, small_bowel"):
        READER.read_label(tree, samples(tree)[SAMPLE])


def test_a_slice_that_lacks_the_row_of_an_organ(tree):
    write_table(tree, rows_of(SAMPLE)[:2])
    with pytest.raises(SegbenchError) as caught:
        READER.read_label(tree, samples(tree)[SAMPLE])
    assert caught.value.what == f"{tree / 'train.csv'}: {SAMPLE} has no row for stomach"


def test_a_row_twice(tree):
    write_table(tree, rows_of("other") + rows_of(SAMPLE) + rows_of(SAMPLE)[2:])
    with pytest.raises(SegbenchError, match=rf"line 8: {SAMPLE}, stomach is also on line 7"):
        READER.read_label(tree, samples(tree)[SAMPLE])


def test_an_unknown_organ_and_the_nearest(tree):
    write_table(tree, [*rows_of(SAMPLE), ("x", "stomache", "")])
    with pytest.raises(SegbenchError, match="line 5: the class 'stomache' is not one") as caught:
        READER.read_label(tree, samples(tree)[SAMPLE])
    assert caught.value.action == "did you mean 'stomach'?"


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("1 3 9", "3 numbers"),
        ("48 2", "run 48 2 is not inside"),
        ("0 2", "run 0 2 is not inside"),
        ("1 3 2 3", "run 2 begins inside"),
        ("one 3", "invalid literal"),
    ],
)
def test_a_wrong_code_names_file_and_line(tree, code, what):
    write_table(tree, rows_of("other") + rows_of(SAMPLE, small_bowel=code))
    with pytest.raises(SegbenchError, match=rf"train\.csv: line 6: {what}"):
        READER.read_label(tree, samples(tree)[SAMPLE])


@pytest.mark.parametrize("head", ["", "id,class,predicted", "id,segmentation,class"])
def test_another_head(tree, head):
    write_table(tree, rows_of(SAMPLE), head)
    with pytest.raises(SegbenchError, match=r"train\.csv: line 1 is '"):
        READER.read_label(tree, samples(tree)[SAMPLE])


def test_a_row_cut_short(tree):
    write_table(tree, [*rows_of(SAMPLE), ("case1", "stomach")])
    with pytest.raises(SegbenchError, match=r"train\.csv: line 5 has 2 fields"):
        READER.read_label(tree, samples(tree)[SAMPLE])


def test_a_table_that_is_no_text(tree):
    (tree / "train.csv").write_bytes(b"id,class,segmentation\n\xff\xfe\x00")
    with pytest.raises(SegbenchError, match=r"train\.csv: cannot be read"):
        READER.read_label(tree, samples(tree)[SAMPLE])


def test_the_table_as_windows_writes_it(tree):
    lines = (tree / "train.csv").read_text().replace("\n", "\r\n")
    (tree / "train.csv").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    assert READER.read_label(tree, samples(tree)[SAMPLE]).sum() == 9


def test_a_changed_table_is_read_again(tree):
    raw = samples(tree)[SAMPLE]
    before = READER.read_label(tree, raw).sum()
    write_table(tree, rows_of(SAMPLE, stomach="1 1"))
    assert (before, READER.read_label(tree, raw).sum()) == (9, 1)


@pytest.mark.parametrize("part", ["train.csv", "train"])
def test_a_tree_that_lacks_a_part(tree, part):
    (tree / part).rename(tree / "elsewhere")
    with pytest.raises(SegbenchError, match="the publisher's folders are not in it"):
        samples(tree)


def test_a_tree_without_slices(tmp_path):
    (tmp_path / "train" / "case1" / "case1_day0").mkdir(parents=True)
    write_table(tmp_path, [])
    with pytest.raises(SegbenchError, match="there are no slices"):
        samples(tmp_path)


# The classes of the config.


def config(*classes: Class):
    return make_dataset("uw_madison", task="overlapping", classes=classes)


def test_masks_come_in_the_order_of_the_config(tree):
    source = reader_of(config(Class(name="stomach", value=1), Class(name="large_bowel", value=2)))
    label = source.read_label(tree, samples(tree)[SAMPLE])
    assert label.sum(axis=(0, 1)).tolist() == [6, 0]


def test_classes_may_have_other_names(tree):
    source = reader_of(config(Class(name="bowel", value=1, labels=("small_bowel",))))
    assert source.read_label(tree, samples(tree)[SAMPLE]).sum(axis=(0, 1)).tolist() == [3]


def test_a_class_that_is_no_organ():
    with pytest.raises(SegbenchError, match="the class 'stomac' is not one") as caught:
        reader_of(config(Class(name="stomac", value=1)))
    assert caught.value.action == "did you mean 'stomach'?"


def test_organs_are_not_joined():
    bowel = Class(name="bowel", value=1, labels=("small_bowel", "large_bowel"))
    with pytest.raises(SegbenchError, match="consists of 2 labels"):
        reader_of(config(bowel))


# Real rows, and real slices written in the publisher's format.


def test_the_publishers_rows(publisher_data, tmp_path):
    """A real stomach: one connected piece, one run a row."""
    from scipy import ndimage

    rows = (publisher_data / "uw_madison/train_rows_real.csv").read_text().splitlines()
    given = {tuple(row.split(",")[:2]): row.split(",")[2] for row in rows[1:]}
    code = given[SAMPLE, "stomach"]
    root = tmp_path
    write_slice(root, "slice_0065_266_266_1.50_1.50.png")
    write_table(root, rows_of(SAMPLE, stomach=code))
    label = READER.read_label(root, samples(root)[SAMPLE])
    stomach = label[..., 2]
    assert label.shape == (266, 266, 3)
    assert stomach.sum() == sum(map(int, code.split()[1::2]))
    assert ndimage.label(stomach)[1] == 1
    assert stomach.any(axis=1).sum() == len(code.split()) // 2
    assert encode(stomach, "row") == code


def test_a_real_mask_that_is_wider_than_high(publisher_data, tmp_path):
    """It is two pieces if runs go along rows, and dust in any other order."""
    from scipy import ndimage

    code = (publisher_data / "uw_madison/rle_310x360_unknown_id.txt").read_text().strip()
    write_slice(tmp_path, "slice_0065_360_310_1.50_1.50.png")
    write_table(tmp_path, rows_of(SAMPLE, small_bowel=code))
    mask = READER.read_label(tmp_path, samples(tmp_path)[SAMPLE])[..., 1]
    assert mask.shape == (310, 360)
    assert ndimage.label(mask)[1] == 2
    assert ndimage.label(decode(code, (360, 310), "row"))[1] > 10
    assert ndimage.label(decode(code, (360, 310), "column"))[1] == 2  # the same, lying down
    assert ndimage.label(decode(code, (310, 360), "column"))[1] > 10
    assert encode(mask, "row") == code


#: Colours of the derived masks; their edges are interpolated.
COLOURS = {"small_bowel": (255, 255, 0), "large_bowel": (0, 200, 0), "stomach": (255, 0, 0)}


def nearest_colours(picture: np.ndarray) -> dict[str, np.ndarray]:
    """Organ -> mask of the pixels whose colour is nearest to its own."""
    colours = np.array([(0, 0, 0), *COLOURS.values()])
    near = np.square(picture[..., None, :3].astype(int) - colours).sum(axis=-1).argmin(axis=-1)
    return {organ: near == place for place, organ in enumerate(COLOURS, start=1)}


def test_real_slices_in_the_publishers_format(publisher_data, tmp_path):
    """The 18 derived slices, every fourth pixel of them, as the competition wrote its own."""
    rows: list[tuple[str, ...]] = []
    masks: dict[str, dict[str, np.ndarray]] = {}
    folder = publisher_data / "uw_madison/derived_8bit_slices"
    for path in sorted((folder / "images").iterdir()):
        case, day, _, number = path.stem.split("_")
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L"))[::4, ::4].astype(np.uint16) * 64
        with Image.open(folder / "masks" / path.name) as picture:
            masks[path.stem] = nearest_colours(np.asarray(picture.convert("RGB"))[::4, ::4])
        name = f"slice_{number}_128_128_3.12_3.12.png"
        write_picture(tmp_path / "train" / case / f"{case}_{day}" / "scans" / name, pixels)
        codes = {organ: encode(mask, "row") for organ, mask in masks[path.stem].items()}
        rows += rows_of(path.stem, **codes)
    write_table(tmp_path, rows)
    found = samples(tmp_path)
    assert list(found) == sorted(masks)
    assert len(found) == 18
    assert len({raw.stack for raw in found.values()}) == 17
    for sample, raw in found.items():
        image, label = READER.read_image(tmp_path, raw), READER.read_label(tmp_path, raw)
        assert image.shape == (128, 128, 1)
        assert READER.spacing_mm(tmp_path, raw) == (3.0, 3.12, 3.12)
        for place, organ in enumerate(ORGANS):
            assert np.array_equal(label[..., place] == 1, masks[sample][organ])


def test_the_registered_reader_gives_three_organs(tree):
    assert reader_of(shipped("uw_madison")).read_label(tree, samples(tree)[SAMPLE]).shape[2] == 3


def test_rows_of_a_slice_are_its_own(tree):
    found = samples(tree)
    before = READER.rows_of(tree, "train.csv", found.values())
    assert READER.is_table("uw/train.csv") and not READER.is_table("train.csv.png")
    assert before[SAMPLE] == "large_bowel,\nsmall_bowel,10 2 48 1\nstomach,1 3 9 3\n"
    assert set(before) == set(found), "rows of slices that are not there are ignored"
    assert set(READER.rows_of(tree, "train.csv", [found[SAMPLE]])) == {SAMPLE}
    text = (tree / "train.csv").read_text()
    (tree / "train.csv").write_text(text.replace("10 2 48 1", "10 2"))
    after = READER.rows_of(tree, "train.csv", found.values())
    assert [name for name in found if after[name] != before[name]] == [SAMPLE]


@pytest.mark.parametrize(("change", "fault"), [("1 3 9 3", True), ("other", False)])
def test_the_index_asks_for_the_slices_own_rows(tree, tmp_path, change, fault):
    """A table that changes under a running job is a fault of the samples it is about."""
    from segbench.datasets.index import index_shard
    from segbench.datasets.inventory import write_shards

    dataset = make_dataset(
        "uw_madison",
        task="overlapping",
        classes=tuple(Class(name=organ, value=n + 1) for n, organ in enumerate(ORGANS)),
    )
    manifest, rows = tmp_path / "shard.tsv", tmp_path / "rows.tsv"
    write_shards(READER, tree, {0: manifest}, 1, tmp_path / "side")
    text = (tree / "train.csv").read_text()
    (tree / "train.csv").write_text(
        text.replace(change, "1 3") if fault else text + "case99_day1_slice_0002,stomach,1 7\n"
    )
    if not fault:
        index_shard(dataset, tree, manifest, 0, rows)
        assert len(rows.read_text().splitlines()) == 6
        return
    with pytest.raises(SegbenchError, match=r"train\.csv: 47 bytes") as error:
        index_shard(dataset, tree, manifest, 0, rows)
    assert error.value.expected == "51 bytes, as in the inventory"
