"""The base of all typed parameters: of the configuration and of what registers itself there."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: A value in [0, 1].
Fraction = Annotated[float, Field(ge=0, le=1)]
#: A value in [0, 1).
Below1 = Annotated[float, Field(ge=0, lt=1)]
#: A positive integer.
Count = Annotated[int, Field(ge=1)]
#: Height and width; of volumes depth, height and width.
Sides = Annotated[tuple[Count, ...], Field(min_length=2, max_length=3)]


class Strict(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )
