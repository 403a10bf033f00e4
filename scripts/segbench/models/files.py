"""Where a recipe's local file of pretrained weights is. No Keras here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segbench.config.model import Model

#: In place of a file: the weights that Keras downloads.
IMAGENET = "imagenet"


def local_weights(recipe: Model, root: str | Path) -> list[str]:
    """The local file of weights that a recipe names.

    Parameters
    ----------
    recipe : Model
        Its `network.backbone`.
    root : path
        Folder under which a relative path lies.

    Returns
    -------
    list of str
        One path, or none: no backbone, random weights, or Keras's own download.
    """
    backbone = recipe.network.backbone
    if backbone is None or backbone.weights in (None, IMAGENET):
        return []
    return [str(Path(root) / Path(backbone.weights).expanduser())]


def with_local_weights(recipe: Model, paths: Sequence[str | Path]) -> Model:
    """The recipe with the path at which its file of weights really is, if it names one."""
    backbone = recipe.network.backbone
    if backbone is None or not paths:
        return recipe
    found = backbone.model_copy(update={"weights": str(paths[0])})
    network = recipe.network.model_copy(update={"backbone": found})
    return recipe.model_copy(update={"network": network})
