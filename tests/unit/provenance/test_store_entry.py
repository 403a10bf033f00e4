"""An entry comes back as it was written; anything else is refused with its reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.files import sha256_of_bytes
from segbench.provenance.store_entry import canonical, entry_text, is_digest, parse_entry
from segbench.provenance.store_files import DamagedError

KEY, DIGEST = "ab" * 32, "0" * 64
OUTPUTS = {"model": {"sha256": DIGEST, "bytes": 7}}


def edited(**changes):
    """An entry with other content and no digest of itself, as old entries have none."""
    entry = json.loads(entry_text(KEY, OUTPUTS, {"rule": "train"}))
    del entry["digest"]
    return json.dumps({**entry, **changes}).encode()


@given(
    st.dictionaries(st.text(min_size=1), st.integers(0, 2**60), min_size=1),
    st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.lists(st.floats(-1, 1)))),
)
def test_an_entry_comes_back(sizes, record):
    record.pop("cost", None)
    outputs = {name: {"sha256": DIGEST, "bytes": size} for name, size in sizes.items()}
    found = parse_entry(KEY, entry_text(KEY, outputs, record).encode())
    assert found == {"key": KEY, "outputs": outputs, "record": record}


def test_equal_entries_are_equal_text():
    one = entry_text(KEY, {"b": OUTPUTS["model"], "a": OUTPUTS["model"]}, {"x": 1, "rule": "r"})
    two = entry_text(KEY, {"a": OUTPUTS["model"], "b": OUTPUTS["model"]}, {"rule": "r", "x": 1})
    assert one == two
    assert canonical({"b": 1, "a": (1, 2)}) == '{"a":[1,2],"b":1}'


def test_an_entry_without_a_digest_of_itself_is_read():
    assert parse_entry(KEY, edited())["outputs"] == OUTPUTS


def test_any_change_is_found():
    text = entry_text(KEY, OUTPUTS, {"rule": "train", "cost": {"wall_s": 1.0}})
    for old, new in (("train", "score"), ('"bytes": 7', '"bytes": 8'), ("1.0", "2.0")):
        with pytest.raises(DamagedError, match="does not match its digest"):
            parse_entry(KEY, text.replace(old, new).encode())
    assert sha256_of_bytes(text.encode()) != sha256_of_bytes(text.replace("7", "8").encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not an entry"),
        (edited(key="cd" * 32), "has another key"),
        (edited(outputs={}), "lists no outputs"),
        (edited(outputs=[]), "lists no outputs"),
        (edited(outputs={"model": {"bytes": 7}}), "has no digest for model"),
        (edited(outputs={"m": {"sha256": "../../x", "bytes": 7}}), "has no digest for m"),
        (edited(outputs={"m": {"sha256": DIGEST}}), "has no size for m"),
        (edited(outputs={"m": {"sha256": DIGEST, "bytes": -1}}), "has no size for m"),
        (edited(outputs={"m": {"sha256": DIGEST, "bytes": True}}), "has no size for m"),
        (edited(record=None), "has a damaged record"),
        (edited(record={"cost": 3}), "has a damaged record"),
    ],
)
def test_what_is_no_entry_is_refused(data, reason):
    with pytest.raises(DamagedError, match=reason):
        parse_entry(KEY, data)


@given(st.text(alphabet="0123456789abcdefABCDEFx/.\n", min_size=60, max_size=66))
def test_a_digest_is_64_lower_case_digits(text):
    assert is_digest(text) == (len(text) == 64 and set(text) <= set("0123456789abcdef"))
