from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.augmentation import Augmentation
from segbench.config.checked_model import Model
from segbench.config.dataset import Dataset
from segbench.config.documents import document_of
from segbench.config.preprocessing import Preprocessing
from segbench.config.problems import Problem, key_text
from segbench.config.study import Study
from segbench.config.validation import at_key, describe, validate
from segbench.strict import Strict

WORDS = st.text("abcxyz", min_size=1, max_size=8)


def problems(kind: type[Strict], data: dict[str, Any]) -> list[Problem]:
    recipe, found = validate(kind, document_of(data, "file"))
    assert (recipe is None) == bool(found)
    return found


def one(kind: type[Strict], data: dict[str, Any]) -> Problem:
    (problem,) = problems(kind, data)
    return problem


def nested(key: str, value: Any) -> dict[str, Any]:
    first, _, rest = key.partition(".")
    return {first: nested(rest, value) if rest else value}


def test_an_empty_recipe_has_all_defaults() -> None:
    for kind in (Model, Preprocessing, Augmentation):
        recipe, found = validate(kind, document_of({}, "file"))
        assert found == []
        assert recipe == kind()


@pytest.mark.parametrize(
    ("kind", "key", "near"),
    [
        (Model, "trainin", "training"),
        (Model, "training.optimizer.learning_rat", "learning_rate"),
        (Model, "network.normalization", "normalisation"),
        (Preprocessing, "clahe.tile", "tiles"),
        (Preprocessing, "Gamma", "gamma"),
        (Augmentation, "jitter.rotate_90", "rotate90"),
        (Augmentation, "zzz", ""),
    ],
)
def test_unknown_keys_name_the_nearest_and_all_that_are_known(
    kind: type[Strict], key: str, near: str
) -> None:
    problem = one(kind, nested(key, 1))
    assert key_text(problem.key) == key
    assert problem.what == "is not a known key"
    assert problem.nearest == near
    assert problem.value == 1
    parts: Any = kind
    for name in key.split(".")[:-1]:
        annotation = parts.model_fields[name].annotation
        options = getattr(annotation, "__args__", (annotation,))
        parts = next(option for option in options if option is not type(None))
    assert problem.allowed == ", ".join(sorted(parts.model_fields))


@pytest.mark.parametrize(
    ("kind", "key", "value", "allowed"),
    [
        (Model, "training.batch", "8", "an integer >= 1"),
        (Model, "training.batch", 8.0, "an integer >= 1"),
        (Model, "training.batch", True, "an integer >= 1"),
        (Model, "training.batch", None, "an integer >= 1"),
        (Model, "training.batch", 0, "an integer >= 1"),
        (Model, "training.batch", -3, "an integer >= 1"),
        (Model, "training.steps_per_epoch", 0, "an integer >= 1; or null"),
        (Model, "training.optimizer.learning_rate", 0, "a number > 0"),
        (Model, "training.optimizer.learning_rate", "1e-3", "a number > 0"),
        (Model, "training.optimizer.learning_rate", math.inf, "a number > 0"),
        (Model, "training.optimizer.learning_rate", math.nan, "a number > 0"),
        (Model, "training.optimizer.learning_rate", False, "a number > 0"),
        (Model, "network.dropout", 1.5, "a number >= 0 and < 1"),
        (Model, "training.deterministic", "yes", "true or false"),
        (Model, "training.deterministic", 1, "true or false"),
        (Model, "description", 3, "a text"),
        (Preprocessing, "gamma", 0, "a number > 0; or null"),
        (Preprocessing, "gamma", -1.0, "a number > 0; or null"),
        (Augmentation, "jitter.noise_sd", 2.0, "a number > 0 and <= 1; or null"),
        (Augmentation, "amplification.seed", -1, "an integer >= 0"),
    ],
)
def test_values_of_another_type_or_out_of_range(
    kind: type[Strict], key: str, value: Any, allowed: str
) -> None:
    problem = one(kind, nested(key, value))
    assert key_text(problem.key) == key
    assert problem.what.startswith("is wrong: ")
    assert problem.allowed == allowed
    assert problem.value == value or math.isnan(value)


@pytest.mark.parametrize(
    ("key", "value", "near"),
    [
        ("loss.name", "bce-dice", "bce_dice"),
        ("loss.name", "Focal", "focal"),
        ("training.optimizer.name", "adamm", "adam"),
        ("target", "boundary", "foreground_boundary"),
        ("instances.method", "watersheds", "watershed"),
        ("training.best_epoch", "loss", "val_loss"),
        ("training.precision", "float64", "float16"),
    ],
)
def test_a_wrong_choice_names_the_nearest(key: str, value: str, near: str) -> None:
    problem = one(Model, nested(key, value))
    assert problem.nearest == near
    assert problem.allowed.startswith("one of ")
    assert near in problem.allowed


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("training.patch", [64], "training.patch"),
        ("training.patch", [64, 64, 64, 64], "training.patch"),
        ("training.patch", [64, "64"], "training.patch[1]"),
        ("training.patch", 64, "training.patch"),
        ("training.schedule.steps", [[1, 0.1], [0, 0.1]], "training.schedule.steps[1][0]"),
        ("training.schedule", 3, "training.schedule"),
        ("training", None, "training"),
        ("training", [], "training"),
    ],
)
def test_lists_and_blocks(key: str, value: Any, where: str) -> None:
    found = problems(Model, nested(key, value))
    assert where in [key_text(problem.key) for problem in found]
    assert all(problem.allowed for problem in found)


def test_missing_keys_are_all_named_with_what_they_need() -> None:
    found = {key_text(p.key): p for p in problems(Study, {"title": "x"})}
    assert set(found) == {
        "question", "dataset", "protocol", "preprocessing", "augmentation", "models", "metrics",
        "primary",
    }  # fmt: skip
    assert {p.what for p in found.values()} == {"is missing"}
    assert found["dataset"].allowed == "a text"
    assert found["models"].allowed == "a list; each item a text"


def test_mistakes_inside_named_blocks_keep_their_names() -> None:
    data = {"protocols": {"cv": {"fold": 3, "test": {"by": "publishers"}}}}
    found = {key_text(p.key): p for p in problems(Dataset, data)}
    assert found["protocols.cv.fold"].nearest == "folds"
    assert found["protocols.cv.test.by"].nearest == "publisher"


@settings(deadline=None)
@given(data=st.dictionaries(WORDS, st.integers(), min_size=1, max_size=5))
def test_every_unknown_key_is_reported(data: dict[str, int]) -> None:
    found = problems(Preprocessing, data)
    assert {key_text(p.key) for p in found} == set(data) - set(Preprocessing.model_fields)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "batch": st.integers(1, 64),
            "epochs": st.integers(1, 500),
            "patch": st.none() | st.lists(st.integers(1, 512), min_size=2, max_size=2),
            "precision": st.sampled_from(["auto", "float32", "bfloat16", "float16"]),
            "deterministic": st.booleans(),
        },
    )
)
def test_what_is_valid_is_taken_as_it_is_and_survives_a_round_trip(data: dict[str, Any]) -> None:
    recipe, found = validate(Model, document_of({"training": data}, "file"))
    assert found == []
    assert recipe is not None
    dumped = recipe.model_dump(mode="json")
    assert {key: dumped["training"][key] for key in data} == data
    assert validate(Model, document_of(dumped, "again")) == (recipe, [])


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.floats() | WORDS, st.lists, max_leaves=5))
def test_no_value_crashes_the_checker(value: Any) -> None:
    for kind, key in ((Model, "training.patch"), (Preprocessing, "clahe"), (Study, "published")):
        for problem in problems(kind, nested(key, value)) or ():
            assert str(problem)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"type": "integer"}, "an integer"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "a number > 0 and <= 1"),
        ({"type": "string", "pattern": "^a$"}, "a text of the form ^a$"),
        ({"enum": ["a", "b"], "type": "string"}, "one of a, b"),
        ({"const": "unet"}, "unet"),
        ({"type": "array", "items": {"type": "boolean"}}, "a list; each item true or false"),
        ({"type": "array", "prefixItems": [{"type": "integer"}] * 2},
         "a list of 2: an integer, an integer"),
        ({"type": "object", "properties": {"a": {}, "b": {}}}, "a mapping of a, b"),
        ({"type": "object"}, "a mapping"),
        ({"anyOf": [{"$ref": "#/$defs/X"}, {"type": "null"}]}, "a text; or null"),
        ({}, "anything"),
    ],
)  # fmt: skip
def test_what_is_allowed_in_words(part: dict[str, Any], text: str) -> None:
    assert describe(part, {"$defs": {"X": {"type": "string"}}}) == text


def test_no_schema_where_there_is_no_key() -> None:
    root = Model.model_json_schema()
    assert at_key(root, ("nothing", "here")) == {}
    assert at_key(root, ("training", "batch", 7)) == {}
    assert at_key(root, ("training", "batch"))["minimum"] == 1


@pytest.mark.parametrize(
    ("network", "key", "what", "allowed", "near"),
    [
        ({"kind": "clasifier"}, "network.kind", "is not one of the choices",
         "one of classifier, unet", "classifier"),
        ({"kind": "classifier"}, "network.backbone", "is missing",
         "a mapping of name, weights, sha256, frozen_epochs, thaw_factor", ""),
        ({"kind": "classifier", "backbone": {"name": "A"}, "dropuot": 1}, "network.dropuot",
         "is not a known key", "backbone, dropout, kind", "dropout"),
        ({"kind": "classifier", "backbone": {"name": "A"}, "depth": 3}, "network.depth",
         "is not a known key", "backbone, dropout, kind", "dropout"),
        (["unet"], "network", "is wrong: input should be an object",
         "a mapping whose kind is one of classifier, unet", ""),
    ],
)  # fmt: skip
def test_blocks_of_several_kinds(
    network: Any, key: str, what: str, allowed: str, near: str
) -> None:
    problem = one(Model, {"network": network})
    assert key_text(problem.key) == key
    assert problem.what == what
    assert sorted(problem.allowed.split(", ")) == sorted(allowed.split(", "))
    assert problem.nearest == near


def test_a_network_without_a_kind_is_a_unet() -> None:
    recipe, found = validate(Model, document_of({"network": {"depth": 2}}, "file"))
    assert found == []
    assert recipe is not None
    assert recipe.network.model_dump()["depth"] == 2
    assert recipe.network.kind == "unet"
