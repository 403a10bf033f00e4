"""Arms: what is trained, scored and compared, by the names of its recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Recipes(NamedTuple):
    """The recipes of an arm: one row of a study's table. Its seeds share the row."""

    preprocessing: str
    augmentation: str
    model: str


class Arm(NamedTuple):
    """One combination of dataset, recipes, seed and protocol.

    Its fields are in the order of the folders of its results and of the columns of its
    scores, the same everywhere.
    """

    dataset: str
    preprocessing: str
    augmentation: str
    model: str
    seed: int
    protocol: str

    @property
    def recipes(self) -> Recipes:
        """Its row in a study's table.

        Examples
        --------
        >>> "/".join(Arm("ccp", "prep-320", "jitter", "unet", 0, "published").recipes)
        'prep-320/jitter/unet'
        """
        return Recipes(self.preprocessing, self.augmentation, self.model)


def is_part_of(wildcards: Mapping[str, str], arm: Arm) -> bool:
    """Whether a job with these wildcards can be one of an arm's.

    Parameters
    ----------
    wildcards : mapping
        Of the job; those that are no field of an arm do not matter.
    arm : Arm
        The arm.

    Examples
    --------
    >>> arm = Arm("ccp", "prep-320", "jitter", "unet", 0, "published")
    >>> is_part_of({"dataset": "ccp", "shard": "3"}, arm), is_part_of({"seed": "1"}, arm)
    (True, False)
    >>> is_part_of({"shard": "3"}, arm)
    False
    """
    own = [name for name in Arm._fields if name in wildcards]
    return bool(own) and all(wildcards[name] == str(getattr(arm, name)) for name in own)


#: What tells the arms of one study apart.
WITHIN_STUDY = (*Recipes._fields, "seed")
#: What identifies one run: an arm and the fold that it is tested on.
RUN_LABELS = (*Arm._fields, "fold")
