"""A symbol is taken from the module that is named when it is asked for."""

from __future__ import annotations

import pytest

from segbench.datasets.formats import FORMATS
from segbench.late_import import load_symbol


@pytest.mark.parametrize("name", FORMATS)
def test_every_reader_is_found(name):
    assert load_symbol(f"segbench.datasets.{name}", "READER") is FORMATS[name]


def test_a_symbol_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError, match="make_nothing"):
        load_symbol("segbench.datasets.ccp", "make_nothing")
