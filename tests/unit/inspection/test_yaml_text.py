"""Texts as they stand in YAML."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from segbench.inspection.yaml_text import text_of


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=12))
def test_any_text_comes_back(text):
    assert yaml.safe_load(f"key: {text_of(text)}") == {"key": text}
    assert yaml.safe_load(f"[{text_of(text)}]") == [text]


@pytest.mark.parametrize("text", ["", "no", "1e3", "~", "a: b", "# c", '"', "\\", "a\tb", "\x85"])
def test_texts_that_would_be_something_else(text):
    assert text_of(text).startswith('"')
    assert yaml.safe_load(text_of(text)) == text
