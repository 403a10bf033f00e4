"""What a statement refers to, as it is kept between runs."""

from __future__ import annotations

import json

from segbench.provenance.references import MUTATORS, READ_TEXT, Reference, Written


def test_a_reference_comes_back_from_json():
    reference = Reference("call", "np.mean", ["a", None])
    assert Reference(*json.loads(json.dumps(reference))) == reference


def test_a_value_has_no_literals_and_a_statement_needs_no_lines():
    assert Reference("value", "x") == ("value", "x", None)
    assert Written("0" * 16, [], [], ["f"]).lines == ()


def test_mutators_change_lists_dicts_and_sets():
    for kind in (list, dict, set):
        methods = {name for name in dir(kind) if not name.startswith("_")}
        assert methods & MUTATORS, kind
    assert MUTATORS.isdisjoint({"copy", "get", "index", "items", "keys", "values", "union"})


def test_what_reads_text_that_a_digest_leaves_out():
    assert {"__doc__", "__annotations__"} <= READ_TEXT
