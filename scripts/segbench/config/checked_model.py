"""Model recipes as the configuration checks them: their network is one of the registry.

Apart from `segbench.config.model`, so that a new network is no change of the code of any job.
"""

from __future__ import annotations

from pydantic import Field

from segbench.config import model
from segbench.models.kinds import AnyNetwork
from segbench.models.networks.unet import UNet


class Model(model.Model):
    """One model recipe: network, target, loss, training, prediction, objects."""

    network: AnyNetwork = Field(UNet(), description="The network.")
