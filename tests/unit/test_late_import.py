"""A symbol is taken from the module that is named when it is asked for."""

from __future__ import annotations

import pytest

from segbench.datasets import READERS
from segbench.late_import import load_symbol


@pytest.mark.parametrize("module", READERS.values())
def test_every_reader_is_found(module):
    assert load_symbol(module, "READER").read_image


def test_a_symbol_that_is_not_there_gives_the_default_or_an_error():
    assert load_symbol("segbench.datasets.ccp", "make_nothing", None) is None
    with pytest.raises(AttributeError, match="make_nothing"):
        load_symbol("segbench.datasets.ccp", "make_nothing")
