"""The array that is meant in a Zarr store, or a refusal that names what there is."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

from segbench.decoders.decoder import Choices
from segbench.decoders.ome_zarr_nodes import names_in
from segbench.decoders.registry import read
from segbench.errors import SegbenchError
from unit.decoders.zarr_stores import attributes, put, write_image

IMAGE, CELLS, NUCLEI = (np.full((3, 4), value, np.uint8) for value in (9, 1, 2))


def with_labels(path, new, **labels):
    group = write_image(path, [IMAGE], "yx", new=new)
    inner = group.create_group("labels", attributes=attributes({"labels": list(labels)}, new))
    for name, pixels in labels.items():
        write_image(path / "labels" / name, [pixels], "yx", new=new, ome={"image-label": {}})
    return inner


def series(path, *names, listed=()):
    root = zarr.create_group(path, attributes=attributes({"bioformats2raw.layout": 3}, True))
    if listed:
        root.create_group("OME", attributes=attributes({"series": list(listed)}, True))
    for number, name in enumerate(names):
        write_image(path / name, [IMAGE + number], "yx")


def value(path, dataset=None):
    return int(read(path, Choices(dataset=dataset)).pixels[0, 0])


@pytest.mark.parametrize("new", [False, True])
def test_a_label_is_read_by_its_name_or_path_and_the_image_without(tmp_path, new):
    with_labels(tmp_path / "a.zarr", new, cells=CELLS, nuclei=NUCLEI)
    path = tmp_path / "a.zarr"
    assert value(path) == 9
    assert (value(path, "cells"), value(path, "labels/nuclei")) == (1, 2)
    with pytest.raises(SegbenchError) as caught:
        read(path, Choices(dataset="membranes"))
    assert caught.value.what == f"{path}: holds no 'membranes'"
    assert caught.value.expected == "one of 0, labels/cells, labels/nuclei"
    assert names_in(path) == ["labels/cells", "labels/nuclei"]
    assert names_in(path / "labels") == ["cells", "nuclei"]
    assert names_in(path / "0") == []


@pytest.mark.parametrize("new", [False, True])
def test_a_group_of_labels_gives_the_only_one(tmp_path, new):
    with_labels(tmp_path / "a.zarr", new, cells=CELLS)
    (tmp_path / "a.zarr/labels").rename(tmp_path / "m.zarr")
    assert value(tmp_path / "m.zarr") == 1
    (tmp_path / "only.zarr").mkdir()
    zarr.create_group(tmp_path / "only.zarr", zarr_format=3 if new else 2)
    (tmp_path / "m.zarr").rename(tmp_path / "only.zarr/labels")
    assert value(tmp_path / "only.zarr") == 1


def test_several_labels_are_refused_by_name(tmp_path):
    with_labels(tmp_path / "a.zarr", True, cells=CELLS, nuclei=NUCLEI)
    (tmp_path / "a.zarr/labels").rename(tmp_path / "m.zarr")
    with pytest.raises(SegbenchError) as caught:
        read(tmp_path / "m.zarr")
    assert caught.value.what == f"{tmp_path / 'm.zarr'}: holds 2 labels: cells, nuclei"
    assert "`layout: {dataset: 'cells'}`" in caught.value.action
    assert value(tmp_path / "m.zarr", "nuclei") == 2


def test_a_bare_label_image_is_read(tmp_path):
    write_image(tmp_path / "m.zarr", [CELLS], "yx", ome={"image-label": {"colors": []}})
    assert value(tmp_path / "m.zarr") == 1


def test_one_series_is_read_and_several_are_refused(tmp_path):
    series(tmp_path / "one.zarr", "0")
    assert value(tmp_path / "one.zarr") == 9
    series(tmp_path / "two.zarr", "0", "1")
    with pytest.raises(SegbenchError, match="holds 2 series: 0, 1") as caught:
        read(tmp_path / "two.zarr")
    assert "`layout: {dataset: '0'}`" in caught.value.action  # 0 is no text in YAML
    assert value(tmp_path / "two.zarr", "1") == 10
    series(tmp_path / "listed.zarr", "a", listed=["a"])
    assert value(tmp_path / "listed.zarr") == 9


def test_plates_and_wells_are_refused_with_a_field_to_read(tmp_path):
    path = tmp_path / "p.zarr"
    zarr.create_group(path, attributes=attributes({"plate": {"wells": [{"path": "B/2"}]}}, True))
    row = zarr.open_group(path).create_group("B")
    row.create_group("2", attributes=attributes({"well": {"images": [{"path": "0"}]}}, True))
    write_image(path / "B/2/0", [IMAGE], "yx")
    with pytest.raises(SegbenchError) as caught:
        read(path)
    assert caught.value.what == f"{path}: a plate of 1 wells, not one image"
    assert "dataset: 'B/2/0'" in caught.value.action
    assert value(path, "B/2/0") == 9
    with pytest.raises(SegbenchError, match="a well of 1 fields"):
        read(path, Choices(dataset="B/2"))


def test_axes_of_a_plain_array_are_named_as_it_calls_them(tmp_path):
    names = ["row", "col"]
    zarr.create_array(tmp_path / "a.zarr", data=IMAGE, dimension_names=names)
    with pytest.raises(SegbenchError, match=r"\(3 x 4\) that calls its axes row, col"):
        read(tmp_path / "a.zarr")
    found = read(tmp_path / "a.zarr", Choices(axes="xy"))
    assert np.array_equal(found.pixels, IMAGE.T)


def test_arrays_without_metadata_need_axes_and_a_name(tmp_path):
    zarr.create_array(tmp_path / "a.zarr", data=IMAGE)
    with pytest.raises(SegbenchError) as caught:
        read(tmp_path / "a.zarr")
    assert "a plain Zarr array (3 x 4) that does not name its axes" in caught.value.what
    assert "`layout: {axes: ...}`" in caught.value.action
    assert read(tmp_path / "a.zarr", Choices(axes="yx")).pixels[0, 0] == 9
    group = zarr.create_group(tmp_path / "g.zarr")
    put(group, "raw", IMAGE, "yx")
    assert value(tmp_path / "g.zarr") == 9
    put(group, "seg", CELLS, "yx")
    with pytest.raises(SegbenchError, match=r"holds 2 groups and arrays .*: raw, seg"):
        read(tmp_path / "g.zarr")
    assert value(tmp_path / "g.zarr", "seg") == 1
    with pytest.raises(SegbenchError, match="holds no 'b'") as caught:
        read(tmp_path / "a.zarr", Choices(dataset="b", axes="yx"))
    assert "single array" in caught.value.expected


def test_an_empty_group_is_refused(tmp_path):
    zarr.create_group(tmp_path / "a.zarr")
    with pytest.raises(SegbenchError, match="holds 0 groups and arrays"):
        read(tmp_path / "a.zarr")
