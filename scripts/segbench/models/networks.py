"""The registry of networks. No Keras here.

To add one, write a module with its parameters and its builder, and name both here; see
docs/how-to/add-a-network.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from segbench.models.classifier import Classifier, build_classifier
from segbench.models.layers import Layers, Network, T
from segbench.models.unet import UNet, build_unet


def _with_kind(data: Any) -> Any:
    """Recipes need not say that they want a U-Net."""
    return {"kind": "unet", **data} if isinstance(data, dict) else data


#: What `network:` of a model recipe can be. Apart from the builders, so that an edit of a
#: builder does not change the code of stages that only read recipes.
AnyNetwork = Annotated[UNet | Classifier, Field(discriminator="kind"), BeforeValidator(_with_kind)]

#: Parameters -> the function that builds the network.
BUILDERS: dict[type[Network], Callable[[Any, Layers[Any], Any, int], list[Any]]] = {
    UNet: build_unet,
    Classifier: build_classifier,
}


def outputs_of(network: Network, make: Layers[T], image: T, maps: int) -> list[T]:
    """Build a network of any kind.

    Parameters
    ----------
    network : Network
        Its parameters.
    make : Layers
        Makes the layers.
    image : T
        What enters.
    maps : int
        Maps to predict; of a classifier the classes.

    Returns
    -------
    list of T
        Logits; auxiliary ones, for training only, after the first.
    """
    return BUILDERS[type(network)](network, make, image, maps)
