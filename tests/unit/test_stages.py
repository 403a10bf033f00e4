"""The registry of stages has every rule with a script, and says of each what its rule says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from segbench.config.loader import Arm, load
from segbench.config.model import Model
from segbench.datasets.formats import FORMATS
from segbench.stages import STAGES
from segbench.workflow.parameters import gpu_parameters

ROOT = Path(__file__).resolve().parents[2]


def rules() -> dict[str, str]:
    """Name -> text of each rule that runs a script."""
    found = {}
    for file in sorted((ROOT / "rules").glob("*.smk")):
        for part in re.split(r"^(?=rule )", file.read_text(), flags=re.MULTILINE)[1:]:
            if "    script:" in part:
                found[part.split(":")[0].removeprefix("rule ")] = part
    return found


RULES = rules()


def test_stages_are_the_rules_that_run_a_script():
    assert set(STAGES) == set(RULES)
    for name in STAGES:
        assert f'"../scripts/{name}.py"' in RULES[name]
        assert (ROOT / f"scripts/{name}.py").is_file()


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_parameters_that_its_rule_has(name):
    params = RULES[name].partition("    params:")[2].partition("    script:")[0]
    found = set(re.findall(r"^        (\w+)=", params, re.MULTILINE))
    if "**GPU_PARAMETERS" in params:
        config = load(ROOT / "config/config.yaml", root=ROOT, formats=FORMATS)
        found |= set(gpu_parameters(config)[name])
    assert set(STAGES[name].params) <= found


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_with_a_cost_has_that_output_and_a_prediction(name):
    stage, text = STAGES[name], RULES[name]
    if stage.cost:
        assert "        cost=f" in text
        assert stage.load or stage.network
        assert stage.seconds is None, "it is predicted"
    predicted = bool(stage.load or (stage.cost and stage.network))
    for resource in ("mem_mb=JOBS.memory", "runtime=JOBS.minutes", "expected_s=JOBS.seconds"):
        assert (f'{resource}("{name}")' in text) == predicted, resource


def test_parameters_come_from_a_recipe_of_the_arm():
    known = {*Arm._fields, "study"}
    for stage in STAGES.values():
        assert {source.split(".")[0] for source in stage.params.values()} <= known, stage.name


def test_parts_of_the_model_recipe_are_keys_of_it():
    dumped = Model().model_dump()
    for stage in STAGES.values():
        for name in stage.model:
            part, _, key = name.partition(".")
            assert part in dumped, stage.name
            assert not key or key in dumped[part], stage.name
    assert {name for name, stage in STAGES.items() if stage.model} == {
        "train", "predict", "segment",
    }  # fmt: skip


def test_the_order_is_that_in_which_stages_run():
    """What a rule reads of another rule's outputs is made by a stage before it."""
    order = list(STAGES)
    for name, text in RULES.items():
        inputs = text.partition("    input:")[2].partition("    output:")[0]
        for maker in re.findall(r"rules\.(\w+)\.output", inputs):
            assert order.index(maker) < order.index(name), (maker, name)


def test_the_reference_page_lists_the_stages():
    page = (ROOT / "docs/reference/resources.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert [row[:3] for row in rows] == [(s.name, s.title, s.per) for s in STAGES.values()]
    for (_, _, _, expected), stage in zip(rows, STAGES.values(), strict=True):
        predicted = stage.load or (stage.network and stage.cost)
        constant = f"{stage.seconds:g} s" if stage.seconds else "-"
        assert expected == ("from recipe and data" if predicted else constant)


@pytest.mark.parametrize("profile", sorted((ROOT / "profiles").glob("*/config.yaml")), ids=str)
def test_profiles_name_stages(profile):
    """What a profile sets for a rule that is no more would be passed over silently."""
    keys = yaml.safe_load(profile.read_text())
    for name in ("set-resources", "set-threads", "groups"):
        assert set(keys.get(name) or {}) <= set(STAGES), name
