"""The type of a main file: defaults and limits."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from segbench.config.main import Main


def test_defaults() -> None:
    made = Main()
    assert (made.folder, made.store, made.gpus) == (".", None, None)
    assert (made.datasets, made.studies) == ({}, {})
    assert (made.images, made.model, made.name, made.spacing_um) == (None,) * 4


@pytest.mark.parametrize(
    ("key", "value"), [("folder", ""), ("gpus", -1), ("studdies", {}), ("studies", ["a"])]
)
def test_values_that_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        Main.model_validate({key: value})
    assert error.value.errors()[0]["loc"][0] == key
