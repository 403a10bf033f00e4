"""The registry of networks names every module of the package once."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import segbench.models.networks as package
from segbench.late_import import load_symbol
from segbench.models.kinds import AnyNetwork

KINDS = get_args(get_args(AnyNetwork)[0])


def test_every_module_is_in_the_registry():
    modules = Path(package.__file__).parent.glob("[!_]*.py")
    assert sorted(kind.__module__ for kind in KINDS) == sorted(
        f"segbench.models.networks.{path.stem}" for path in modules
    )


def test_a_module_is_called_as_its_kind():
    for kind in KINDS:
        (name,) = get_args(kind.model_fields["kind"].annotation)
        assert kind.__module__ == f"segbench.models.networks.{name}"
        assert load_symbol(kind.__module__, "NETWORK") is kind
