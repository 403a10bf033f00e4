"""What all parts of the configuration share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: A value in [0, 1].
Fraction = Annotated[float, Field(ge=0, le=1)]
#: A positive integer.
Count = Annotated[int, Field(ge=1)]


class Strict(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )
