"""Networks that answer "bright" on folders of new images. The only file here with Keras."""

from __future__ import annotations

import io
import json
import shutil

import nibabel
import numpy as np
import pytest

from segbench.decoders.faults import warn_once
from segbench.decoders.grids import align
from segbench.decoders.registry import header_of, read
from segbench.errors import SegbenchError
from segbench.objects import check, read_objects
from unit.decoders import dicom_samples
from unit.decoders.zarr_stores import write_image
from unit.inference.applying import CELLS, SEPARATE, bright, numbered, spots

keras = pytest.importorskip("keras")


def test_objects_of_all_kinds_of_pictures(place, networks):
    pictures = {
        "a.png": spots((4, 4), (20, 30)),
        "deep/b.tif": spots((0, 0)),
        "deep/c.jpg": spots(),
    }
    for name, pixels in pictures.items():
        place.image(name, pixels)
    assert place.apply({"m": [networks["half"]]}, CELLS, SEPARATE) == 3
    for name, mask in (
        ("a.png", "a.png"),
        ("deep/b.tif", "deep/b.tif"),
        ("deep/c.jpg", "deep/c.png"),
    ):
        found = place.mask(mask)
        assert found.dtype == np.uint16
        assert found.tolist() == numbered(pictures[name]).tolist()
    assert [one["objects"] for one in place.record["images"]] == [2, 1, 0]
    assert place.record["failed"] == []
    objects = read_objects(place.results / "objects.parquet")
    assert objects["roi"].tolist() == ["a/cell/1", "a/cell/2", "deep/b/cell/1"]
    assert objects["area_px"].tolist() == [36.0] * 3
    assert set(objects["dataset"]) == {"mine"}
    assert (place.results / "overlays/deep/c.png").is_file()
    assert check(place.results / "objects.ttl").conforms
    described = json.loads((place.results / "objects.jsonld").read_text())["@graph"]
    samples = [n["dcterms:identifier"] for n in described if "seg:Image" in n.get("@type", ())]
    assert samples == ["a", "deep/b", "deep/c"], "images without objects, too"
    assert place.lines[-1] == "3 images: 3 segmented, 0 unchanged, 0 failed"
    assert "1 of 3: a.png: segmented" in place.lines


def test_what_was_used_is_written_down(place, networks):
    place.image("a.png", spots((4, 4)))
    place.apply({"m": [networks["half"], networks["high"]]}, CELLS, SEPARATE)
    from segbench.files import sha256_of_file

    assert [(n["fold"], n["sha256"]) for n in place.record["networks"]] == [
        (0, sha256_of_file(networks["half"])),
        (1, sha256_of_file(networks["high"])),
    ]
    assert place.record["arm"]["model"] == "m"
    assert place.record["recipe"]["instances"]["method"] == "components"
    assert place.record["preprocessing"]["normalise"] == "none"
    (image,) = place.record["images"]
    assert image["sha256"] == sha256_of_file(place.images / "a.png")
    assert image["masks"] == ["masks/a.png"]
    assert image["overlay"] == "overlays/a.png"
    assert image["size"] == [40, 48]


def test_folds_are_averaged(place, networks):
    """Half sees 0.7 and high does not: the mean of 1 and 0 is just not above one half."""
    place.image("a.png", spots((4, 4), value=178))
    place.apply({"m": [networks["half"]]}, CELLS, SEPARATE, study="x")
    assert place.mask("a.png").max() == 1
    place.results = place.root / "applied/both"
    place.apply({"m": [networks["half"], networks["high"], networks["high"]]}, CELLS, SEPARATE)
    assert place.mask("a.png").max() == 0


def test_the_table_chooses_the_arm(place, networks, tmp_path):
    place.image("a.png", spots((4, 4), value=178))
    table = tmp_path / "t.csv"
    table.write_text(
        "kind,preprocessing,augmentation,model,rank\nours,p,a,dull,2\nours,p,a,keen,1\n"
    )
    arms = {"dull": [networks["high"]], "keen": [networks["half"]]}
    place.apply(arms, CELLS, SEPARATE, table=table)
    assert place.record["arm"]["model"] == "keen"
    assert place.mask("a.png").max() == 1


def test_a_second_run_computes_nothing_and_a_changed_image_only_itself(place, networks):
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        place.image(name, spots((4, 4 + number)))
    arms = {"m": [networks["half"]]}
    assert place.apply(arms, CELLS, SEPARATE) == 3
    before = {name: (place.results / name).read_bytes() for name in place.files()}
    assert place.apply(arms, CELLS, SEPARATE) == 0
    assert before == {name: (place.results / name).read_bytes() for name in place.files()}
    assert "3 unchanged" in place.lines[-1]
    place.image("b.png", spots((9, 9), (20, 20)))
    (place.images / "c.png").unlink()
    assert place.apply(arms, CELLS, SEPARATE) == 1
    assert place.mask("b.png").max() == 2
    assert "masks/c.png" not in place.files()
    assert "overlays/c.png" not in place.files()
    assert place.apply(arms, CELLS, {**SEPARATE, "instances": {"method": "none"}}) == 2


def test_a_bad_image_stops_no_other(place, networks):
    place.image("a.png", spots((4, 4)))
    place.image("z.png", spots((4, 4)))
    place.image("volume.nii.gz", np.zeros((4, 5, 6), np.uint8))
    (place.images / "broken.png").write_bytes((place.images / "a.png").read_bytes()[:60])
    (place.images / "scan.nd2").write_bytes(b"x")
    (place.images / "notes.txt").write_text("x")
    place.image("twice.png", spots())
    place.image("twice.tif", spots())
    assert place.apply({"m": [networks["half"]]}, CELLS, SEPARATE) == 2
    assert [one["image"] for one in place.record["images"]] == ["a.png", "z.png"]
    failed = {one["image"]: one["error"] for one in place.record["failed"]}
    assert sorted(failed) == ["broken.png", "scan.nd2", "twice.png", "twice.tif", "volume.nii.gz"]
    for name, error in failed.items():
        assert name in error["what"]
        assert error["expected"]
        assert error["action"]
    assert "3-D image" in failed["volume.nii.gz"]["what"] + failed["volume.nii.gz"]["expected"]
    assert place.lines[-1] == "7 images: 2 segmented, 0 unchanged, 5 failed"
    assert place.record["others"] == ["notes.txt"]
    assert "notes.txt: not an image, so not read" in place.lines
    assert [name for name in place.files() if name.startswith("masks/")] == [
        "masks/a.png",
        "masks/z.png",
    ]


def test_a_network_that_diverges_fails_its_images_only(place, tmp_path):
    network = bright(tmp_path / "nan.keras")
    model = keras.saving.load_model(network)
    model.set_weights([w * np.nan for w in model.get_weights()])
    model.save(network)
    place.image("a.png", spots((4, 4)))
    assert place.apply({"m": [network]}, CELLS, SEPARATE) == 0
    what = place.record["failed"][0]["error"]["what"]
    assert "a.png: the network's output is not a number" in what


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_is_drawn_on_a_terminal_only(place, networks):
    place.image("a.png", spots((4, 4)))
    place.image("b.png", spots())
    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        place.apply({"m": [networks["half"]]}, CELLS, SEPARATE, terminal=stream)
        assert ("apply" in stream.getvalue()) is drawn
        assert ("0/2" in stream.getvalue()) is drawn


def test_another_model_does_not_overwrite(place, networks):
    place.image("a.png", spots((4, 4)))
    place.apply({"m": [networks["half"]]}, CELLS, SEPARATE)
    before = place.files()
    with pytest.raises(SegbenchError, match="holds the results of model"):
        place.apply({"m": [networks["high"]]}, CELLS, SEPARATE)
    assert place.files() == before


def test_images_come_back_at_their_own_size(place, networks):
    pixels = np.zeros((60, 100), np.uint8)
    pixels[:, 50:] = 255
    place.image("a.png", pixels)
    place.apply(
        {"m": [networks["half"]]}, ("semantic", {"cell": 7}),
        preprocessing={"resize": {"height": 30, "width": 50}},
    )  # fmt: skip
    mask = place.mask("a.png")
    assert mask.dtype == np.uint8
    assert mask.shape == (60, 100)
    assert (mask[:, 52:] == 7).all()
    assert (mask[:, :48] == 0).all()


def test_volumes_keep_their_affine_and_come_back_from_crop_and_spacing(place, networks):
    volume = np.zeros((6, 20, 24), np.uint8)
    volume[1:5, 4:16, 4:20] = 100
    volume[2:4, 8:12, 8:12] = 200
    place.image("case.nii.gz", volume)
    regions = "overlapping", {"whole": 1, "core": 2}
    done = place.apply(
        {"m": [networks["volume"]]}, regions,
        {"training": {"precision": "float32", "patch": [4, 8, 8]}, "network": {"depth": 1}},
        {"crop": "nonzero", "channels": "all", "normalise": "minmax", "spacing_mm": [3, 1, 1],
         "dtype": "float32"},
    )  # fmt: skip
    assert done == 1
    for name in ("whole", "core"):
        found = nibabel.load(place.results / f"masks/case.{name}.nii.gz")
        assert found.affine.tolist() == np.diag([1, 2, 3, 1.0]).tolist()
        mask = np.asarray(found.dataobj).T
        assert mask.shape == volume.shape
        np.testing.assert_array_equal(mask[2:4, 8:12, 9:11], 1)
        assert mask[:2].max() == 0
        assert 20 <= mask.sum() <= 48
    (image,) = place.record["images"]
    assert image["spacing_mm"] == [3.0, 2.0, 1.0]
    assert image["objects"] == 2


def test_a_dicom_series_gets_a_segmentation_in_its_place(place, networks):
    volume = np.zeros((6, 20, 24), np.int16)
    volume[2:4, 8:12, 8:12] = 1000
    made = dicom_samples.slices(volume, orientation=dicom_samples.OBLIQUE)
    first = dicom_samples.save(place.images / "case 1", made[::-1], [f"IM{n}" for n in range(6)])
    done = place.apply(
        {"m": [networks["volume"]]}, ("overlapping", {"whole": 1, "core": 2}),
        {"training": {"precision": "float32", "patch": [4, 8, 8]}, "network": {"depth": 1}},
        {"channels": "all", "normalise": "minmax", "dtype": "float32"},
    )  # fmt: skip
    assert done == 1
    for name in ("whole", "core"):
        mask = place.results / f"masks/case 1.{name}.dcm"
        found = read(mask)
        assert found.header.labels == {1: name}
        on_image = align(found, mask, header_of(first), first)
        np.testing.assert_array_equal(on_image, volume > 500)
    (image,) = place.record["images"]
    assert (image["spacing_mm"], image["objects"]) == ([2.0, 0.5, 0.75], 2)


def test_an_ome_zarr_image_gets_a_label_that_the_store_keeps(place, networks):
    pixels = spots((4, 4), (20, 30))
    place.images.mkdir(parents=True)
    write_image(place.images / "a b (2).ome.zarr", [pixels], "yx", [[0.5, 0.25]])
    arms, mask = {"m": [networks["half"]]}, place.results / "masks/a b (2).zarr"
    assert place.apply(arms, CELLS, SEPARATE) == 1
    found = read(mask)
    assert np.array_equal(found.pixels, numbered(pixels))
    assert found.header.spacing_mm == (0.0005, 0.00025)
    (image,) = place.record["images"]
    assert (image["masks"], image["spacing_mm"]) == (["masks/a b (2).zarr"], [0.0005, 0.00025])
    before = {name: (place.results / name).read_bytes() for name in place.files()}
    shutil.rmtree(mask)
    assert place.apply(arms, CELLS, SEPARATE) == 0
    assert before == {name: (place.results / name).read_bytes() for name in place.files()}
    shutil.rmtree(place.images / "a b (2).ome.zarr")
    place.image("b.png", spots())
    place.apply(arms, CELLS, SEPARATE)
    assert not mask.exists()


def test_what_is_odd_about_a_file_is_told_each_time(place, networks):
    place.images.mkdir(parents=True)
    write_image(place.images / "a.zarr", [spots()], "yx", [[2, 2]], unit=None)
    for _ in range(2):
        place.apply({"m": [networks["half"]]}, CELLS, SEPARATE)
        (note,) = place.record["images"][0]["notes"]
        assert note.startswith("no spacing is known")
        assert f"{place.images / 'a.zarr'}: {note}" in place.lines
        warn_once.cache_clear()  # as in another process


def test_neighbouring_slices_are_channels(place, tmp_path):
    """The middle map is bright where the NEXT slice of the same folder is."""
    network = bright(tmp_path / "n.keras", channels=3)
    model = keras.saving.load_model(network)
    kernel = np.zeros((1, 1, 3, 1), np.float32)
    kernel[..., 2, 0] = 60
    model.set_weights([kernel, np.float32([-30])])
    model.save(network)
    for number in range(3):
        place.image(f"stack/{number}.png", spots((4, 4 + 8 * number)))
    place.image("other/0.png", spots((20, 20)))
    arms, slices = {"m": [network]}, {"neighbours": 1}
    assert place.apply(arms, CELLS, SEPARATE, slices) == 4
    assert place.mask("stack/0.png").tolist() == numbered(spots((4, 12))).tolist()
    assert place.mask("stack/2.png").tolist() == numbered(spots((4, 20))).tolist()
    place.image("stack/2.png", spots((8, 8)))
    assert place.apply(arms, CELLS, SEPARATE, slices) == 2, "itself, and the slice before"


def test_whole_images_get_a_class(place, tmp_path):
    inputs = keras.Input((None, None, 1))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(mean))
    model.set_weights([np.float32([[-4, 4]]), np.float32([2, -2])])
    model.save(tmp_path / "c.keras")
    place.image("dark.png", spots())
    place.image("light.png", spots(value=0) + np.uint8(255))
    labels = "classification", {"dark": 1, "bright": 2}
    assert place.apply({"m": [tmp_path / "c.keras"]}, labels) == 2
    assert [one["class"] for one in place.record["images"]] == ["dark", "bright"]
    rows = (place.results / "classes.tsv").read_text().splitlines()
    assert rows[0] == "image\tclass\tp_bright\tp_dark"
    low, high = np.float16([1 / (1 + np.exp(4)), 1 / (1 + np.exp(-4))]).astype(float)
    assert rows[1] == f"dark.png\tdark\t{low:.4f}\t{high:.4f}"
    assert "overlays/dark.png" in place.files()
    assert not [name for name in place.files() if name.startswith("masks/")]
    assert len(read_objects(place.results / "objects.parquet")) == 0
