from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from segbench.errors import SegbenchError
from segbench.reporting.assets import Assets, PictureInfo, read_picture

SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 36">
<metadata><description xmlns="http://purl.org/dc/elements/1.1/"> A line </description></metadata>
</svg>"""


def test_size_and_description_of_both_kinds(tmp_path: Path):
    (tmp_path / "a.svg").write_text(SVG)
    assert read_picture(tmp_path / "a.svg") == PictureInfo(96, 48, "A line")
    words = PngImagePlugin.PngInfo()
    words.add_itxt("Description", "Two pixels")
    Image.new("RGB", (2, 1)).save(tmp_path / "a.png", pnginfo=words)
    assert read_picture(tmp_path / "a.png") == PictureInfo(2, 1, "Two pixels")


@pytest.mark.parametrize("name", ["a.png", "a.svg"])
def test_damaged_pictures_are_refused(tmp_path: Path, name: str):
    (tmp_path / name).write_text("no picture")
    with pytest.raises(SegbenchError, match=f"{name}: cannot be read"):
        read_picture(tmp_path / name)


def test_files_get_plain_names_of_their_own(tmp_path: Path):
    (tmp_path / "x.CSV").write_text("1")
    with Assets(tmp_path / "out" / "index.html") as assets:
        names = [assets.add(tmp_path / "x.CSV", "A Study", name) for name in ("T & U", "t u", "é")]
    plain = ["t-u.csv", "t-u-2.csv", "unnamed.csv"]
    assert names == [f"assets/a-study/{name}" for name in plain]
    assert {p.name for p in (tmp_path / "out").rglob("*.csv")} == set(plain)


def test_the_old_folder_stays_until_all_is_there(tmp_path: Path):
    old = tmp_path / "assets" / "s" / "old.csv"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    with (
        pytest.raises(SegbenchError, match=r"none\.csv: cannot be copied into the report"),
        Assets(tmp_path / "index.html") as assets,
    ):
        assets.add(tmp_path / "none.csv", "s", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["assets"]
    assert old.read_text() == "old"
    with Assets(tmp_path / "index.html"):
        pass
    assert list((tmp_path / "assets").iterdir()) == []


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=12))
def test_no_file_replaces_another(tmp_path_factory, names: list[tuple[str, str]]):
    folder = tmp_path_factory.mktemp("assets")
    with Assets(folder / "index.html") as assets:
        addresses = []
        for number, (section, name) in enumerate(names):
            (folder / "source.csv").write_text(str(number))
            addresses.append(assets.add(folder / "source.csv", section, name))
    assert len(set(addresses)) == len(names)
    found = [int((folder / address).read_text()) for address in addresses]
    assert found == list(range(len(names)))


def test_a_description_may_be_missing(tmp_path: Path):
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7.2 7.2"/>'
    )
    assert read_picture(tmp_path / "a.svg") == PictureInfo(10, 10, "")
    Image.new("RGB", (3, 2)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png") == PictureInfo(3, 2, "")
    (tmp_path / "b.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    with pytest.raises(SegbenchError, match="a whole SVG or PNG picture"):
        read_picture(tmp_path / "b.svg")
