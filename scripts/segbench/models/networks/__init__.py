"""The networks; each module is one: its parameters, `NETWORK`, and `build`. No Keras here.

Jobs find the module by the `kind` of their recipe: the digest of their code holds that module, as
the workflow names it, and no other. `segbench.models.kinds` lists them for the configuration.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny

from segbench.late_import import load_symbol
from segbench.models.layers import Layers, Network, T


def with_kind(data: Any) -> Any:
    """Recipes need not say that they want a U-Net."""
    return {"kind": "unet", **data} if isinstance(data, dict) else data


def _read(data: Any) -> Any:
    """Read the parameters of a network as those of its kind."""
    data = with_kind(data)
    if not isinstance(data, dict):
        return data
    return load_symbol(f"{__name__}.{data['kind']}", "NETWORK").model_validate(data)


#: A network of any kind, of a recipe that the configuration has checked.
OneNetwork = Annotated[SerializeAsAny[Network], BeforeValidator(_read)]


def outputs_of(network: Network, make: Layers[T], image: T, maps: int) -> list[T]:
    """Build a network of any kind; `maps` are those to predict, of a classifier the classes.

    Gives the logits, then auxiliary ones, for training only.
    """
    outputs: list[T] = load_symbol(type(network).__module__, "build")(network, make, image, maps)
    return outputs
