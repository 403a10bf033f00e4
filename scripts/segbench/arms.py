"""Arms: what is trained, scored and compared, by the names of its recipes."""

from __future__ import annotations

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


#: What tells the arms of one study apart.
WITHIN_STUDY = (*Recipes._fields, "seed")
#: What identifies one run: an arm and the fold that it is tested on.
RUN_LABELS = (*Arm._fields, "fold")
