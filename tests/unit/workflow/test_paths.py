"""The layout of the results is written down once, and follows from its parts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.workflow import paths

ROOT = Path(__file__).resolve().parents[3]

#: A name of a recipe, as the configuration allows them.
NAME = st.from_regex("[a-z0-9]+([_.-][a-z0-9]+)*", fullmatch=True)

#: Reads the names back out of a run's folder.
parse = re.compile(
    re.sub(r"\{(\w+)\}", r"(?P<\1>[a-z0-9_.-]+)", re.escape(paths.RUN).replace(r"\{", "{")
           .replace(r"\}", "}")) + "$"
)  # fmt: skip

NAMES = {
    "dataset": "d",
    "preprocessing": "p",
    "augmentation": "a",
    "model": "m",
    "seed": 0,
    "protocol": "cv",
    "fold": 1,
    "shard": 2,
    "study": "s",
}


def test_the_files_of_a_run_lie_below_its_recipes():
    run = "results/d/prep-p/aug-a/m/seed-0/cv/fold-1"
    assert paths.RUN.format(**NAMES) == run
    assert paths.MODEL.format(**NAMES) == f"{run}/model.keras"
    assert paths.OBJECTS.format(**NAMES) == f"{run}/objects.parquet"


def test_shards_are_shared_by_all_arms_of_a_recipe():
    assert paths.PREPARED_SHARD.format(**NAMES) == "results/d/prep-p/shard-2.zarr.zip"
    amplified = "results/d/prep-p/amplified-a/shard-2.zarr.zip"
    assert paths.AMPLIFIED_SHARD.format(**NAMES) == amplified


def test_figures_of_an_arm_lie_below_their_study():
    figures = "results/figures/s/d/prep-p/aug-a/m/seed-0/cv"
    assert paths.ARM_FIGURES.format(**NAMES) == figures


def test_logs_mirror_results():
    assert paths.log_of(paths.RUN).format(**NAMES) == "logs/d/prep-p/aug-a/m/seed-0/cv/fold-1"
    assert paths.log_of("results/results/x") == "logs/results/x"


def test_a_table_has_four_formats():
    assert paths.tables_of("s") == {
        "csv": "tables/s.csv",
        "md": "tables/s.md",
        "tex": "tables/s.tex",
        "html": "tables/s.html",
    }


def literals(path):
    """Strings of a module that are not documentation, with their lines."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, documented)
            and n.body and isinstance(n.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docs:
            yield node.value, node.lineno


def test_no_other_module_knows_the_layout():
    layout = re.compile("(results|data/raw|inventory|tables)/")
    assert not [
        f"{path.name}, line {line}: {text}"
        for path in sorted((ROOT / "scripts/segbench").rglob("*.py"))
        if path != Path(paths.__file__)
        for text, line in literals(path)
        if layout.match(text)
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("*.smk")), ids=lambda p: p.name)
def test_rules_take_the_layout_of_results_from_the_library(path):
    code = re.sub('"""(.|\n)*?"""', "", path.read_text("utf-8"))
    assert not re.findall(r'"(?:results|inventory|data/raw)/[^"]*"', code)


@given(st.dictionaries(st.sampled_from(sorted(NAMES)), NAME, min_size=len(NAMES)))
def test_different_names_are_different_folders(names):
    """No two runs share a folder, whatever their names: each name is a part of its own."""
    found = parse.search(paths.RUN.format(**names))
    assert found is not None
    assert found.groupdict() == {key: names[key] for key in found.groupdict()}
