"""The registry of networks: what `network:` of a model recipe can be.

To add one, write its module and name it here; see docs/how-to/add-a-network.md.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from segbench.models.networks import with_kind
from segbench.models.networks.classifier import Classifier
from segbench.models.networks.unet import UNet

AnyNetwork = Annotated[UNet | Classifier, Field(discriminator="kind"), BeforeValidator(with_kind)]
