"""Annotations that run, and the decorators that read them."""

from __future__ import annotations

import ast

import pytest

from segbench.provenance.annotations import Unquoted, reads_annotations


def expression(text):
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"Box"', "Box"),
        ('list["Box"]', "list[Box]"),
        ('"list[int] | None"', "list[int] | None"),
        ('Literal["train", "test"]', "Literal['train', 'test']"),
        (
            'Annotated["Box", Field(description="a box")]',
            "Annotated[Box, Field(description='a box')]",
        ),
        ('"not code!"', "'not code!'"),
    ],
)
def test_text_is_code_except_in_literal_and_in_calls(written, meant):
    assert ast.unparse(Unquoted().visit(expression(written))) == meant


@pytest.mark.parametrize(
    ("decorator", "reads"),
    [
        ("validate_call", True),
        ("pydantic.validate_call(config=1)", True),
        ("area.register", True),
        ("register", False),
        ("functools.cache", False),
        ("dataclass(frozen=True)", False),
    ],
)
def test_decorators_that_read_annotations(decorator, reads):
    assert reads_annotations(expression(decorator)) is reads
