from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.datasets.rle import decode, decode_coco, encode
from segbench.errors import SegbenchError

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=17))


def naive(mask: np.ndarray, order: str) -> str:
    """Pixel by pixel, from the published wording: pairs of start (from 1) and run length."""
    flat = mask.flatten("C" if order == "row" else "F").tolist()
    words: list[int] = []
    for position, value in enumerate(flat, start=1):
        if not value:
            continue
        if position == 1 or not flat[position - 2]:
            words += [position, 0]
        words[-1] += 1
    return " ".join(map(str, words))


@given(masks, st.sampled_from(["row", "column"]))
def test_decode_is_the_exact_inverse(mask, order):
    assert np.array_equal(decode(encode(mask, order), mask.shape, order), mask)


@given(masks, st.sampled_from(["row", "column"]))
def test_encode_agrees_with_a_loop_over_pixels(mask, order):
    assert encode(mask, order) == naive(mask, order)


@given(masks)
def test_rows_of_a_mask_are_columns_of_its_transpose(mask):
    assert encode(mask, "row") == encode(mask.T, "column")


@given(masks, st.randoms())
def test_runs_in_another_order_are_refused(mask, random):
    words = encode(mask, "row").split()
    pairs = list(zip(words[::2], words[1::2], strict=True))
    mixed = random.sample(pairs, len(pairs))
    text = " ".join(" ".join(pair) for pair in mixed)
    if mixed == pairs:
        assert np.array_equal(decode(text, mask.shape, "row"), mask)
    else:
        with pytest.raises(SegbenchError, match="comes before run"):
            decode(text, mask.shape, "row")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), max_size=6))
def test_decode_agrees_with_a_loop_over_runs_also_where_they_touch(gaps_and_lengths):
    expected, words, place = np.zeros(48, bool), [], 0
    for gap, length in gaps_and_lengths:
        place += gap
        words += [place + 1, length]
        expected[place : place + length] = True
        place += length
    text = " ".join(map(str, words))
    assert np.array_equal(decode(text, (6, 8), "row").ravel(), expected)
    assert np.array_equal(decode(text, (6, 8), "column").ravel("F"), expected)
    assert np.array_equal(decode("\t".join(map(str, words)), (6, 8), "row").ravel(), expected)


def test_example_of_the_competition():
    # "1 3 10 5" stands for pixels 1, 2, 3, 10, 11, 12, 13, 14; counted down, then right.
    mask = decode("1 3 10 5", (4, 4), "column")
    assert (np.flatnonzero(mask.ravel("F")) + 1).tolist() == [1, 2, 3, 10, 11, 12, 13, 14]
    assert encode(mask, "column") == "1 3 10 5"


def test_literal_vectors():
    mask = np.array([[0, 1, 1], [1, 1, 0]])
    assert encode(mask, "row") == "2 4"
    assert encode(mask, "column") == "2 4"
    assert encode(np.array([[1, 0], [0, 1]]), "row") == "1 1 4 1"
    assert encode(np.ones((3, 5)), "column") == "1 15"
    assert encode(np.zeros((3, 5)), "row") == ""


@pytest.mark.parametrize("text", ["", "   ", "0 0"])
def test_empty_masks(text):
    assert not decode(text, (3, 4), "row").any()


def test_touching_runs_are_one_object():
    assert encode(decode("1 2 3 2", (1, 6), "row"), "row") == "1 4"


def test_result_is_contiguous_and_boolean():
    mask = decode("2 3", (4, 3), "column")
    assert mask.dtype == bool
    assert mask.flags.c_contiguous


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1", "1 numbers"),
        ("1 2 3", "3 numbers"),
        ("a b", "invalid literal"),
        ("1.5 2", "invalid literal"),
        ("0 3", "run 0 3 is not inside"),
        ("-1 3", "run -1 3"),
        ("3 0", "run 3 0"),
        ("3 -2", "run 3 -2"),
        ("10 4", "run 10 4 is not inside"),
        ("13 1", "run 13 1"),
        ("1 99999999999", "run 1 99999999999"),
        ("9223372036854775807 9223372036854775807", "is not inside"),
        ("99999999999999999999 1", "line 7"),
        ("1 3 2 2", "run 2 begins inside run 1 3"),
        ("1 3 1 2", "run 1 begins inside run 1 3"),
        ("5 3 2 2", "run 2 comes before run 5 3"),
        ("1\u00b2 3", "invalid literal"),
    ],
)
def test_bad_codes_are_refused(text, message):
    with pytest.raises(SegbenchError) as error:
        decode(text, (3, 4), "row", where="train.csv: line 7")
    assert error.value.what.startswith("train.csv: line 7")
    assert message in error.value.what


def test_a_million_pixels_come_back_equal():
    mask = np.random.default_rng(0).random((1000, 1000)) > 0.9
    mask[:, 200:800] = False  # about 35,000 runs
    text = encode(mask, "column")
    assert 70_000 < len(text.split()) < 80_000
    assert np.array_equal(decode(text, mask.shape, "column"), mask)


# ---- COCO


def coco_text(runs):
    """Run lengths compressed as `rleToString` of COCO's maskApi.c does it."""
    text = ""
    for place, run in enumerate(runs):
        value = run - (runs[place - 2] if place > 2 else 0)
        more = True
        while more:
            digit, value = value & 0x1F, value >> 5
            more = value != (-1 if digit & 0x10 else 0)
            text += chr((digit | 0x20 * more) + 48)
    return text


@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 40))
def test_cocos_runs_go_down_the_columns(seed, height, width):
    mask = np.random.default_rng(seed).random((height, width)) < 0.3
    flat = mask.ravel(order="F").astype(int)
    edges = np.flatnonzero(np.diff(flat, prepend=0, append=1 - flat[-1]))
    runs = np.diff(edges, prepend=0).tolist()
    assert np.array_equal(decode_coco(runs, mask.shape, "a"), mask)
    assert np.array_equal(decode_coco(coco_text(runs), mask.shape, "a"), mask)


def test_a_compressed_text_by_hand():
    # 10000 is 9 * 1024 + 24 * 32 + 16: three characters of five bits, the lowest first.
    assert not decode_coco("`h9", (100, 100), "a").any()


@pytest.mark.parametrize("runs", [[1, 2], [9, -3], "`h9"])
def test_cocos_runs_must_fill_the_image(runs):
    with pytest.raises(SegbenchError, match=r"a.json: run lengths of -?\d+ pixels"):
        decode_coco(runs, (2, 3), "a.json")


def test_publishers_row_is_row_major(publisher_data):
    """UW-Madison: read by rows an organ is a few pieces, read by columns it is shreds."""
    ndimage = pytest.importorskip("scipy.ndimage")
    text = (publisher_data / "uw_madison" / "rle_310x360_unknown_id.txt").read_text()
    code = text.strip().splitlines()[-1].split(",")[-1].strip()
    pieces = {
        order: ndimage.label(decode(code, (310, 360), order))[1] for order in ("row", "column")
    }
    assert pieces["row"] < pieces["column"]


def test_publishers_columns_are_column_major(publisher_data):
    """The crypts: read by columns they are as many pieces as glands, read by rows shreds."""
    import csv

    csv.field_size_limit(2**30)
    ndimage = pytest.importorskip("scipy.ndimage")
    with (publisher_data / "organ_cells" / "train.csv").open() as file:
        code = next(row["predicted"] for row in csv.DictReader(file) if row["predicted"] != "0 0")
    shape = (4536, 4704)
    mask = decode(code, shape, "column")
    assert encode(mask, "column") == code
    pieces = {o: ndimage.label(decode(code, shape, o)[::8, ::8])[1] for o in ("row", "column")}
    assert pieces["column"] * 10 < pieces["row"]
