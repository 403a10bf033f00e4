"""Files of networks: equal bytes, safe reading, any precision."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.files import sha256_of_file

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras's own, by the thousand

from segbench.models.model_file import read_model, write_model  # noqa: E402
from unit.models import tiny  # noqa: E402
from unit.models.tiny import SMALL, pixels, unet  # noqa: E402


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr(keras.applications, SMALL, tiny.Tiny, raising=False)


def test_equal_networks_are_equal_files(tmp_path):
    """Keras counts unnamed layers over the life of the process; here names are settled."""
    digests = []
    for number in range(2):
        keras.utils.set_random_seed(1)
        path = tmp_path / f"{number}.keras"
        write_model(unet(channels=1), path)
        digests.append(sha256_of_file(path))
    assert digests[0] == digests[1]


def test_files_load_in_safe_mode_in_any_precision(tmp_path):
    model = unet(channels=5)
    write_model(model, tmp_path / "m.keras")
    exact = read_model(tmp_path / "m.keras")
    quick = read_model(tmp_path / "m.keras", "mixed_bfloat16")
    image = pixels(1, 32, 32, 5)
    assert np.array_equal(model(image), exact(image))
    np.testing.assert_allclose(model(image), quick(image), atol=0.2)
    inner = quick.get_layer("backbone").get_layer("stage0_conv")
    assert inner.compute_dtype == "bfloat16"
    assert quick.get_layer("head").compute_dtype == "float32"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a network"])
def test_an_unreadable_network(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(SegbenchError, match="not a readable network"):
        read_model(path)


def test_absent_network(tmp_path):
    with pytest.raises(SegbenchError, match="not a readable network"):
        read_model(tmp_path / "absent.keras")


def test_code_in_a_network_is_not_run(tmp_path):
    """A Lambda layer carries Python bytes; safe mode refuses it."""
    image = keras.Input((4, 4, 1), name="image")
    evil = keras.Model(image, keras.layers.Lambda(lambda x: x, name="evil")(image))
    write_model(evil, tmp_path / "evil.keras")
    with pytest.raises(SegbenchError, match="not a readable network"):
        read_model(tmp_path / "evil.keras")
