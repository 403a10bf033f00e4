"""Fields and data files of NRRD and MetaImage headers."""

from __future__ import annotations

import pytest

from segbench.decoders.text_headers import parts_of, read_text_header
from segbench.errors import SegbenchError


def write(path, *lines, data=b""):
    path.write_bytes("".join(f"{line}\n" for line in lines).encode() + data)
    return path


def test_nrrd_fields_end_at_an_empty_line(tmp_path):
    path = write(
        tmp_path / "a.nrrd",
        "NRRD0005", "# written by hand: once", "Type: uchar", "space units: \"mm\" \"mm\" \"mm\"",
        "Segment0_Name:=a: b = c", "", data=b"sizes: 9\n",
    )  # fmt: skip
    found = read_text_header(path)
    assert found.fields["type"] == "uchar"
    assert found.fields["space units"] == '"mm" "mm" "mm"'
    assert "sizes" not in found.fields
    assert not any(name.startswith("segment0") for name in found.fields)
    assert found.files == ()
    assert path.read_bytes()[found.end :] == b"sizes: 9\n"


def test_metaimage_fields_end_at_the_data(tmp_path):
    path = write(
        tmp_path / "a.mha", "ObjectType = Image", "Comment = a: b", "ElementDataFile = LOCAL",
        data=b"DimSize = 9\n",
    )  # fmt: skip
    found = read_text_header(path)
    assert found.fields == {
        "objecttype": "Image", "comment": "a: b", "elementdatafile": "LOCAL",
    }  # fmt: skip
    assert path.read_bytes()[found.end :] == b"DimSize = 9\n"


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        (["data file: my image.raw", ""], ("my image.raw",)),
        (["datafile: a.raw.gz", ""], ("a.raw.gz",)),
        (["data file: s%02d.raw 9 11 1", ""], ("s09.raw", "s10.raw", "s11.raw")),
        (["data file: LIST 2", "b.raw", "a.raw"], ("b.raw", "a.raw")),
        (["ElementDataFile = a.zraw"], ("a.zraw",)),
        (["ElementDataFile = s%d.raw 1 5 2"], ("s1.raw", "s3.raw", "s5.raw")),
        (["ElementDataFile = LIST", "b.raw", "a.raw"], ("b.raw", "a.raw")),
        (["ElementDataFile = Local"], ()),
    ],
)
def test_data_files(tmp_path, lines, files):
    path = write(tmp_path / "a.nhdr", *lines)
    assert read_text_header(path).files == files
    for name in files:
        (tmp_path / name).touch()
    assert parts_of(path) == ("a.nhdr", *files)


@pytest.mark.parametrize(
    ("name", "told"),
    [("b.raw", "not there"), ("../b.raw", "not below"), ("/b.raw", "not below")],
)
def test_data_that_is_not_in_the_folder_is_refused(tmp_path, name, told):
    path = write(tmp_path / "a.mhd", f"ElementDataFile = {name}")
    with pytest.raises(SegbenchError, match=told) as caught:
        parts_of(path)
    assert f"a.mhd: its pixels are in {name}" in caught.value.what


def test_other_files_have_no_fields(tmp_path):
    (tmp_path / "a.nrrd").write_bytes(bytes(range(256)) * 50)
    assert read_text_header(tmp_path / "a.nrrd").files == ()
