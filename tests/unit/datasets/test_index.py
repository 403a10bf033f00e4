from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from segbench.artefacts.inventory import RawFile, write_inventory
from segbench.artefacts.samples import COLUMNS, Sample, read_samples, write_samples
from segbench.datasets import index as module
from segbench.datasets.description import pixel_digest
from segbench.datasets.formats import FORMATS
from segbench.datasets.index import index_shard, merge_samples
from segbench.errors import SegbenchError
from segbench.files import sha256_of_file
from unit.datasets.helpers import KIDNEY, kidney_pair, make_dataset, write_picture

A, B = "a" * 64, "b" * 64


def inventory_of(name, root, path, only=None):
    write_inventory(
        [
            RawFile(raw.sample, file, (root / file).stat().st_size, sha256_of_file(root / file))
            for raw in FORMATS[name]().scan(root)
            if only is None or raw.sample in only
            for file in raw.files
        ],
        path,
    )
    return path


def run(name, root, folder, **changes):
    inventory = inventory_of(name, root, folder / "inventory.tsv")
    index_shard(make_dataset(name, **changes), root, inventory, 0, folder / "shard.tsv")
    merge_samples([folder / "shard.tsv"], folder / "samples.tsv")
    return {row.sample: row for row in read_samples(folder / "samples.tsv")}


def test_kidney_sheet(kidney_tree, tmp_path):
    rows = run("kidney_nuclei", kidney_tree, tmp_path, spacing_um=(0.006, 0.0125))
    image = np.random.default_rng(1).integers(0, 256, (12, 10), dtype=np.uint8)[..., None]
    assert rows["NepKid_01-000"] == Sample(
        sample="NepKid_01-000",
        group="NepKid_01",
        split="train",
        stratum="nepkid",
        classes=("nucleus",),
        objects=1,
        size=(12, 10),
        channels=1,
        dtype="uint8",
        spacing_mm=(6e-06, 1.25e-05),
        image_sha256=pixel_digest(image),
        shard=0,
    )
    assert list(rows) == sorted(rows)
    blank = rows["Z_01"]
    assert (blank.classes, blank.objects, blank.stratum) == ((), 0, "blank")
    test = rows["NepKid_13-000"]
    assert (test.split, test.objects) == ("test", 1)  # a diagonal is one object


def test_dsb_sheet(dsb_tree, tmp_path):
    rows = run("dsb2018", dsb_tree, tmp_path)
    assert [rows[s].objects for s in (A, B)] == [2, 1]
    assert rows[A].classes == ("nucleus",)
    assert rows[A].channels == 3
    assert rows[A].spacing_mm is None
    assert rows[A].stratum == "fluorescence"


def test_same_bytes_every_time_and_without_paths(dsb_tree, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run("dsb2018", dsb_tree, tmp_path / name)
    one, two = ((tmp_path / n / "samples.tsv").read_bytes() for n in ("one", "two"))
    assert one == two
    assert str(tmp_path).encode() not in one


def test_empty_shard_is_a_header(dsb_tree, tmp_path):
    inventory = inventory_of("dsb2018", dsb_tree, tmp_path / "i.tsv", only=())
    index_shard(make_dataset("dsb2018"), dsb_tree, inventory, 3, tmp_path / "s.tsv")
    assert (tmp_path / "s.tsv").read_text() == "\t".join(COLUMNS) + "\n"


def test_shards_together_are_the_whole(dsb_tree, tmp_path):
    (tmp_path / "whole").mkdir()
    whole = run("dsb2018", dsb_tree, tmp_path / "whole")
    shards = []
    for number, sample in enumerate((B, A)):
        inventory = inventory_of("dsb2018", dsb_tree, tmp_path / "i.tsv", only=(sample,))
        shards.append(tmp_path / f"{number}.tsv")
        index_shard(make_dataset("dsb2018"), dsb_tree, inventory, number, shards[-1])
    merge_samples(shards, tmp_path / "samples.tsv")
    rows = {row.sample: row for row in read_samples(tmp_path / "samples.tsv")}
    assert list(rows) == [A, B]
    assert [rows[s].shard for s in (A, B)] == [1, 0]
    assert {s: replace(row, shard=0) for s, row in rows.items()} == whole


def test_equal_pixels_in_other_files_are_one_group(kidney_tree, tmp_path):
    """A copy, a copy compressed otherwise, and a .tif of one picture."""
    base = kidney_tree / KIDNEY
    train = base / "2nd_Train" / "1_Train"
    pixels = Image.open(train / "NepKid_01-000.png")
    kidney_pair(base / "2nd_Train", "A_copy-000.png", 1)
    kidney_pair(base / "2nd_Train", "B_other-000.png", 1)
    pixels.save(train / "B_other-000.png", compress_level=0)
    kidney_pair(base / "2nd_Train", "C_tif-000.png", 1)
    (train / "C_tif-000.png").unlink()
    pixels.save(train / "C_tif-000.tif")
    rows = run("kidney_nuclei", kidney_tree, tmp_path)
    same = [s for s, row in rows.items() if row.group == "A_copy"]
    assert same == ["A_copy-000", "B_other-000", "C_tif-000", "NepKid_01-000"]
    assert rows["WideEM_x1024-R0005-000"].group == "WideEM_x1024-R0005"
    assert len({rows[s].image_sha256 for s in same}) == 1
    assert rows["A_copy-000"].joined == "identical picture: sample B_other-000"
    assert rows["C_tif-000"].joined == "identical picture: sample A_copy-000"


def test_constant_pictures_are_no_copies(kidney_tree, tmp_path):
    base = kidney_tree / KIDNEY
    shutil.rmtree(base / "2nd_Train")
    write_picture(base / "5_Blank" / "Blank_01.png", np.zeros((6, 6), bool))
    write_picture(base / "5_Blank" / "Blank_02.tif", np.zeros((6, 6), np.uint8))
    rows = run("kidney_nuclei", kidney_tree, tmp_path)
    assert [rows[s].group for s in ("Blank_01", "Blank_02")] == ["Blank_01", "Blank_02"]
    assert rows["Blank_01"].image_sha256 == rows["Blank_01"].joined == ""


def test_one_bit_and_eight_bit_are_one_picture(kidney_tree, tmp_path):
    base = kidney_tree / KIDNEY
    shutil.rmtree(base / "2nd_Train")
    write_picture(base / "5_Blank" / "Blank_01.png", np.eye(6, dtype=bool))
    write_picture(base / "5_Blank" / "Blank_02.tif", np.eye(6, dtype=np.uint8) * 255)
    rows = run("kidney_nuclei", kidney_tree, tmp_path)
    assert rows["Blank_01"].group == rows["Blank_02"].group == "Blank_01"


def test_a_copy_of_a_test_image_joins_its_group(kidney_tree, tmp_path):
    base = kidney_tree / KIDNEY
    kidney_pair(base / "2nd_Train", "NepKid_99-000.png", 3)
    for source, target in (
        ("3_Test", "2nd_Train/1_Train"),
        ("4_Test_GT", "2nd_Train/2_Teacher"),
    ):
        shutil.copy(base / source / "NepKid_13-000.png", base / target / "NepKid_99-000.png")
    rows = run("kidney_nuclei", kidney_tree, tmp_path)
    assert rows["NepKid_99-000"].group == rows["NepKid_13-000"].group == "NepKid_13"
    assert rows["NepKid_99-000"].split == "train"


def write_shard(path, rows):
    write_samples([Sample(s, group, image_sha256=picture) for s, group, picture in rows], path)
    return path


def test_groups_join_through_chains(tmp_path):
    shard = write_shard(
        tmp_path / "s.tsv",
        [("s4", "g3", "p3"), ("s1", "g1", "p1"), ("s2", "g2", "p1"), ("s3", "g2", "p3")],
    )
    merge_samples([shard], tmp_path / "out.tsv")
    assert {r.group for r in read_samples(tmp_path / "out.tsv")} == {"g1"}


def test_a_join_is_named_with_its_reason(tmp_path, caplog):
    shard = write_shard(
        tmp_path / "s.tsv",
        [("s1", "g1", "p1"), ("s2", "g2", "p1"), ("s3", "g2", "p3"), ("s4", "g4", "")],
    )
    caplog.set_level("INFO")
    merge_samples([shard], tmp_path / "out.tsv")
    rows = read_samples(tmp_path / "out.tsv")
    assert [(row.group, row.joined) for row in rows] == [
        ("g1", "identical picture: sample s2"),
        ("g1", "identical picture: sample s1"),
        ("g1", "group g2 has an identical picture: sample s2"),
        ("g4", ""),
    ]
    assert "s2 (identical picture: sample s1), s3 (group g2 has" in caplog.text
    assert "s4" not in caplog.text


def test_the_readers_reason_is_kept(tmp_path):
    rows = [
        Sample("a", "a", image_sha256="p"),
        Sample("b", "c", image_sha256="p", joined="overlapping tissue: source image c"),
    ]
    write_samples(rows, tmp_path / "s.tsv")
    merge_samples([tmp_path / "s.tsv"], tmp_path / "out.tsv")
    assert [row.joined for row in read_samples(tmp_path / "out.tsv")] == [
        "identical picture: sample b",
        "overlapping tissue: source image c; identical picture: sample a",
    ]


def test_overlapping_tiles_of_the_kidney_are_joined_by_the_reader(kidney_tree, tmp_path):
    kidney_pair(kidney_tree / KIDNEY / "2nd_Train", "NepKid_11-000.png", 7)
    rows = run("kidney_nuclei", kidney_tree, tmp_path)
    assert rows["NepKid_11-000"].group == "NepKid_03"
    assert rows["NepKid_11-000"].joined == "overlapping tissue: source image NepKid_03"
    assert rows["NepKid_01-000"].joined == ""


def test_copies_within_a_group_join_nothing(tmp_path):
    shard = write_shard(tmp_path / "s.tsv", [("s1", "g1", "p1"), ("s2", "g1", "p1")])
    merge_samples([shard], tmp_path / "out.tsv")
    assert {(r.group, r.joined) for r in read_samples(tmp_path / "out.tsv")} == {("g1", "")}


def test_joined_group_is_named_by_the_first_sample(tmp_path):
    shard = write_shard(tmp_path / "s.tsv", [("s1", "zebra", "p"), ("s2", "ape", "p")])
    merge_samples([shard], tmp_path / "out.tsv")
    assert [r.group for r in read_samples(tmp_path / "out.tsv")] == ["zebra", "zebra"]


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=20),
    st.randoms(),
)
def test_groups_are_the_connected_components(tmp_path_factory, links, random):
    folder = tmp_path_factory.mktemp("merge")
    rows = [(f"s{k:02d}", f"g{g}", f"p{p}") for k, (g, p) in enumerate(links)]
    shuffled = random.sample(rows, len(rows))
    half = len(rows) // 2
    shards = [
        write_shard(folder / "0.tsv", shuffled[:half]),
        write_shard(folder / "1.tsv", shuffled[half:]),
    ]
    merge_samples(shards, folder / "out.tsv")
    found = {r.sample: r.group for r in read_samples(folder / "out.tsv")}
    # Relax until nothing changes: samples that share a group or a picture share a number.
    number = {row[0]: k for k, row in enumerate(rows)}
    for _ in rows:
        for a in rows:
            for b in rows:
                if a[1] == b[1] or a[2] == b[2]:
                    number[a[0]] = number[b[0]] = min(number[a[0]], number[b[0]])
    for a in rows:
        assert found[a[0]] == rows[number[a[0]]][1]


def test_files_that_belong_to_no_sample_are_named(dsb_tree, tmp_path, caplog):
    for number in range(12):
        (dsb_tree / f"notes{number}.txt").touch()
    (dsb_tree / "stage1_train/._x.png").touch()
    run("dsb2018", dsb_tree, tmp_path)
    (said,) = [record.message for record in caplog.records if "no sample" in record.message]
    assert said.startswith(f"{dsb_tree}: 12 files belong to no sample: notes0.txt, notes1.txt, ")
    assert said.endswith("notes9.txt, ...")


def test_a_tree_without_other_files_says_nothing(dsb_tree, tmp_path, caplog):
    run("dsb2018", dsb_tree, tmp_path)
    assert "no sample" not in caplog.text


def test_duplicate_ids(tmp_path):
    shard = write_shard(tmp_path / "s.tsv", [("s1", "g", "p")])
    with pytest.raises(SegbenchError, match="sample 's1' occurs twice"):
        merge_samples([shard, shard], tmp_path / "out.tsv")


def test_no_samples_at_all(tmp_path):
    with pytest.raises(SegbenchError, match="no samples"):
        merge_samples([write_shard(tmp_path / "s.tsv", [])], tmp_path / "out.tsv")
    assert not (tmp_path / "out.tsv").exists()


def failure(name, root, folder, **changes):
    with pytest.raises(SegbenchError) as error:
        run(name, root, folder, **changes)
    assert not (folder / "shard.tsv").exists()
    return error.value


def test_corrupt_picture_is_named(dsb_tree, tmp_path):
    path = dsb_tree / "stage1_train" / A / "images" / f"{A}.png"
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    assert failure("dsb2018", dsb_tree, tmp_path).what.startswith(f"{path}: cannot be decoded")


def test_all_faults_are_listed_at_once(dsb_tree, tmp_path):
    first = dsb_tree / "stage1_train" / A / "masks" / f"{0:064x}.png"
    second = dsb_tree / "stage1_train" / A / "images" / f"{A}.png"
    third = dsb_tree / "stage1_train" / B / "masks" / f"{0:064x}.png"
    first.write_bytes(first.read_bytes()[:40])
    second.write_bytes(b"")
    write_picture(third, np.full((8, 8), 255, np.uint8))
    error = failure("dsb2018", dsb_tree, tmp_path)
    assert error.what.splitlines()[0].endswith("2 of 2 samples are faulty")
    for path in (first, second, third):
        assert str(path) in error.what
    assert "8 x 9 pixels, as stage1_train/" in error.what


def test_long_lists_are_cut(dsb_tree, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_LISTED", 1)
    for path in dsb_tree.rglob("images/*.png"):
        path.write_bytes(b"")
    assert failure("dsb2018", dsb_tree, tmp_path).what.endswith("\nand 1 more")


def test_kidney_mask_of_another_size(kidney_tree, tmp_path):
    path = kidney_tree / KIDNEY / "4_Test_GT" / "NepKid_13-000.png"
    write_picture(path, np.zeros((10, 10), bool))
    error = failure("kidney_nuclei", kidney_tree, tmp_path)
    assert error.what == f"{path}: 10 x 10 pixels"
    assert error.expected.startswith("9 x 11 pixels")


def test_label_outside_the_classes(kidney_tree, tmp_path):
    classes = ({"name": "mitochondrion", "value": 3},)
    error = failure("kidney_nuclei", kidney_tree, tmp_path, classes=classes)
    assert "holds 1" in error.what
    assert "0, 3 (mitochondrion)" in error.what


def test_file_changed_since_the_inventory(dsb_tree, tmp_path):
    inventory = inventory_of("dsb2018", dsb_tree, tmp_path / "i.tsv")
    path = dsb_tree / "stage1_train" / A / "images" / f"{A}.png"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(SegbenchError, match=r"bytes\n.*as in the inventory"):
        index_shard(make_dataset("dsb2018"), dsb_tree, inventory, 0, tmp_path / "s.tsv")


def test_sample_changed_since_the_inventory(dsb_tree, tmp_path):
    inventory = inventory_of("dsb2018", dsb_tree, tmp_path / "i.tsv")
    (dsb_tree / "stage1_train" / A / "masks" / f"{1:064x}.png").unlink()
    shutil.rmtree(dsb_tree / "stage1_train" / B)
    with pytest.raises(SegbenchError) as error:
        index_shard(make_dataset("dsb2018"), dsb_tree, inventory, 0, tmp_path / "s.tsv")
    assert f"sample {A} has other files now" in error.value.what
    assert f"sample {B} has other files now" in error.value.what


def test_pixel_digest_tells_shapes_and_types_apart():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    digests = {
        pixel_digest(image),
        pixel_digest(image.reshape(4, 3, 1)),
        pixel_digest(image.astype(np.uint16)),
        pixel_digest(image[::-1]),
    }
    assert len(digests) == 4
    assert pixel_digest(np.asfortranarray(image)) == pixel_digest(image)
    wide = image.astype(np.uint16)
    assert pixel_digest(wide.astype(">u2")) == pixel_digest(wide)


def test_real_kidney_duplicates_and_overlaps(publisher_data, tmp_path):
    root = publisher_data / "kidney_em"
    rows = run("kidney_nuclei", root, tmp_path)
    assert len(rows) == 72
    groups: dict[str, list[str]] = {}
    for sample, row in rows.items():
        groups.setdefault(row.group, []).append(sample)
    assert {g: s for g, s in groups.items() if len(s) > 1} == {
        "NepKid_03": ["NepKid_03-000", "NepKid_11-000", "NepKid_12-000"],
        "NepKid_14": ["NepKid_14-000", "WideEM_x1024-R0140-000"],
        # Equal pixels in files of different bytes, outlined by hand twice.
        "WideEM_x1024-0013": ["WideEM_x1024-0013-000", "WideEM_x1024-R0014-000"],
        "WideEM_x1024-0023": ["WideEM_x1024-0023-000", "WideEM_x1024-R0024-000"],
    }
    assert sum(row.stratum == "blank" for row in rows.values()) == 16
