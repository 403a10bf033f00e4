"""The configuration's model recipe differs from that of jobs in its network alone."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from segbench.config import checked_model, model
from segbench.models.networks.classifier import Classifier
from segbench.models.networks.unet import UNet

CLASSIFIER = {"kind": "classifier", "backbone": {"name": "MobileNetV3Small"}}


def test_all_other_keys_are_the_same_in_the_same_order():
    ours, theirs = (
        {name: (field.annotation, field.default) for name, field in kind.model_fields.items()}
        for kind in (checked_model.Model, model.Model)
    )
    assert list(ours) == list(theirs)
    assert {name for name in ours if ours[name] != theirs[name]} == {"network"}


@pytest.mark.parametrize(("given", "kind"), [({"depth": 2}, UNet), (CLASSIFIER, Classifier)])
def test_a_recipe_of_the_configuration_is_read_alike_by_a_job(given, kind):
    recipe = checked_model.Model.model_validate({"network": given})
    read = model.Model.model_validate(recipe.model_dump(mode="json"))
    assert type(read.network) is kind
    assert read.model_dump() == recipe.model_dump()


def test_only_the_configuration_knows_which_kinds_there_are():
    with pytest.raises(ValidationError, match=r"expected tags: 'unet', 'classifier'"):
        checked_model.Model.model_validate({"network": {"kind": "plain"}})
    with pytest.raises(ModuleNotFoundError, match="plain"):
        model.Model.model_validate({"network": {"kind": "plain"}})
