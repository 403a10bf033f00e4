"""Where a local file of weights lies."""

from __future__ import annotations

from segbench.models.backbones import Backbone
from segbench.models.files import local_weights, with_local_weights
from segbench.models.networks.unet import UNet


def test_where_a_local_file_lies(tmp_path):
    model = UNet(backbone=Backbone(name="ResNet50", weights="w/x.h5"))
    assert local_weights(model, tmp_path) == [f"{tmp_path}/w/x.h5"]
    moved = with_local_weights(model, local_weights(model, tmp_path))
    assert moved.backbone.weights == f"{tmp_path}/w/x.h5"
    for other in (None, Backbone(name="ResNet50"), Backbone(name="ResNet50", weights="imagenet")):
        model = UNet(backbone=other)
        assert local_weights(model, tmp_path) == []
        assert with_local_weights(model, []) is model
