"""Edits of the real library: each changes the digests of exactly the rules that it concerns.

Which rules reach an edited symbol is told by `bytecode_reach`, which shares no code with the
digest: it asks Python's compiler which names are global. Edits are drawn with a fixed seed from
all that can be made of the symbols that rules reach. Most are made on syntax trees in memory
and digested anew only where they may matter; some of each kind go through files and a fresh
digest of everything.
"""

from __future__ import annotations

import ast
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from segbench.decoders.registry import FORMATS, module_of
from segbench.errors import SegbenchError
from segbench.provenance.code import Code
from segbench.provenance.symbols import Module as Parsed
from segbench.provenance.symbols import read_module
from unit.provenance import mutations, neutral
from unit.provenance.bytecode_reach import Reach

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "scripts/segbench"
SEED = 20261130

#: How many edits of each kind are drawn, if there are as many.
BREAKING = {
    "constant": 120, "operator": 90, "attribute": 40, "default": 45, "decorator": 45, "base": 40,
    "dropped statement": 110, "swapped import": 50, "alias": 60,
}  # fmt: skip
NEUTRAL = {
    "layout": 30, "docstring": 35, "annotation": 45, "local": 55, "reordered": 25,
    "moved function": 20, "moved module": 8,
}  # fmt: skip

#: What rules ask of these modules; only the training builds networks.
ASKED = ("READER", "generate", "NETWORK", "DECODER")


def rules(root: Path = ROOT) -> dict[str, tuple[Path, tuple[str, ...]]]:
    """Rule -> script, and the modules that the rule names at run time."""
    reading = {"acquire", "inventory", "index", "truth", "preprocess", "explore_dataset", "measure"}
    decoders = tuple(module_of(one.module) for one in FORMATS)
    found = {}
    for script in sorted((root / "scripts").glob("*.py")):
        if script.stem in ("explain", "store"):
            continue
        modules: tuple[str, ...] = ()
        if script.stem in reading:
            modules = ("segbench.datasets.msd",)
        if script.stem == "acquire":
            modules += ("segbench.datasets.miniature.msd",)
        if script.stem in ("train", "predict", "segment", "apply_model"):
            modules = ("segbench.models.networks.unet",)
        if script.stem in {*reading, "apply_model", "inspect_folder"}:
            modules += decoders
        found[script.stem] = (script, modules)
    return found


class Laboratory:
    """The real library, its rules, and what each of them reaches."""

    def __init__(self) -> None:
        self.code = Code(LIBRARY)
        self.before = self.digests()
        self.reach = Reach(LIBRARY)
        self.reached = {
            rule: self.reach.of(script, modules, (*ASKED, *["build"] * (rule == "train")))
            for rule, (script, modules) in rules().items()
        }
        self.modules = {}
        for path in sorted(LIBRARY.rglob("*.py")):
            parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            bound = self.reach.module(name)
            if name.startswith("segbench.provenance") or bound is None:
                continue
            self.modules[name] = mutations.Module(name, ast.parse(path.read_text("utf-8")), bound)
        self.union = set().union(*self.reached.values())
        #: Scripts are left alone, so what they import themselves cannot move; nor can readers and
        #: networks, which recipes name as their modules.
        self.fixed = {
            node.module
            for script, _ in rules().values()
            for node in ast.walk(ast.parse(script.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
        }.union(*(modules for _, modules in rules().values()))

    def digests(self) -> dict[str, str]:
        return {rule: self.code.digest(*of) for rule, of in rules().items()}

    def package(self, name: str) -> str:
        bound = self.reach.module(name)
        return bound.package if bound is not None else name.rpartition(".")[0]

    def changed(self, trees: dict[str, ast.Module]) -> set[str] | None:
        """The rules whose digest changes with an edit, which is taken back; None: refused."""
        library = self.code.graph.library
        known = {name: library.module(name) if library.has(name) else Parsed() for name in trees}
        for name, tree in trees.items():
            self.code.replace(name, read_module(tree, self.package(name), "segbench"))
        try:
            after = self.digests()
        except SegbenchError:
            return None
        finally:
            for name, module in known.items():
                self.code.replace(name, module)
        return {rule for rule, digest in after.items() if digest != self.before[rule]}

    def touched(self, nodes) -> set[str]:
        """The rules that reach one of some nodes."""
        return {rule for rule, reached in self.reached.items() if reached & nodes}


@pytest.fixture(scope="module")
def lab() -> Laboratory:
    return Laboratory()


def drawn(edits, counts: dict[str, int]) -> list:
    """Some edits of each kind, the same in every run."""
    by_kind: dict[str, list] = {kind: [] for kind in counts}
    for edit in edits:
        by_kind[edit.kind].append(edit)
    found = []
    for kind, count in counts.items():
        all_of_kind = sorted(by_kind[kind], key=lambda edit: edit.what)
        found += random.Random(SEED).sample(all_of_kind, min(count, len(all_of_kind)))
    return found


def breaking_edits(lab: Laboratory) -> list[mutations.Edit]:
    edits = []
    for module in lab.modules.values():
        for place, statement in enumerate(module.tree.body):
            names = mutations.names_bound(statement) if not is_import(statement) else []
            if any(("symbol", module.name, name) in lab.union for name in names):
                edits += mutations.of_statement(module, place)
        edits += [
            edit for edit in mutations.of_imports(module, lab.modules) if edit.touched & lab.union
        ]
    return drawn(edits, BREAKING)


def is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def report(misses: list[str], counts: Counter) -> str:
    return "\n".join([f"{sum(counts.values())} edits: {dict(counts)}", *misses])


def test_bytecode_and_digest_agree_on_what_every_rule_reaches(lab):
    for rule, (script, modules) in rules().items():
        by_digest = {
            (symbol.module, symbol.name)
            for symbol in lab.code.reach(script, modules).symbols
            if not symbol.module.startswith("script") and not symbol.name.startswith("#")
        }
        by_bytecode = {
            (module, name)
            for kind, module, name in lab.reached[rule]
            if kind == "symbol" and not module.startswith("script")
        }
        assert by_digest == by_bytecode, rule
        assert len(by_digest) > 3


def test_edits_that_matter_change_exactly_the_rules_that_reach_them(lab):
    edits = breaking_edits(lab)
    counts: Counter = Counter()
    misses = []
    for edit in edits:
        expected, found = lab.touched(edit.touched), lab.changed(edit.make())
        assert expected, edit.what
        # An import of what is not there is no edit, but an error that is told.
        counts[edit.kind] += found is not None
        if found not in (None, expected):
            misses.append(
                f"{edit.kind} {edit.what}: unchanged {sorted(expected - found)}, "
                f"changed without need {sorted(found - expected)}"
            )
    assert not misses, report(misses, counts)
    assert sum(counts.values()) >= 500, counts
    assert set(counts) == set(BREAKING)
    assert lab.digests() == lab.before


def neutral_edits(lab: Laboratory) -> list[mutations.Edit]:
    reached = {node[1] for node in lab.union if node[0] == "symbol"}
    edits = [
        edit
        for name, module in lab.modules.items()
        if name in reached
        for edit in neutral.of_module(module, lab.modules)
        if edit.kind != "moved module" or name not in lab.fixed
    ]
    return drawn(edits, NEUTRAL)


def test_edits_that_do_not_matter_change_nothing(lab):
    edits = neutral_edits(lab)
    counts = Counter(edit.kind for edit in edits)
    misses = []
    for edit in edits:
        found = lab.changed(edit.make())
        if found != set():
            misses.append(
                f"{edit.kind} {edit.what}: {'refused' if found is None else sorted(found)}"
            )
    assert not misses, report(misses, counts)
    assert sum(counts.values()) >= 200, counts
    assert set(counts) == set(NEUTRAL)


FILED = (
    "constant", "base", "dropped statement", "swapped import",
    "layout", "local", "moved function", "moved module",
)  # fmt: skip


@pytest.mark.parametrize("kind", FILED)
def test_through_files(lab, kind, tmp_path):
    """One edit of each kind, written to a copy of the library that is digested afresh."""
    edits = breaking_edits(lab) if kind in BREAKING else neutral_edits(lab)
    edit = next(
        edit for edit in edits if edit.kind == kind and lab.changed(edit.make()) is not None
    )
    shutil.copytree(
        ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, tree in edit.make().items():
        base = tmp_path / "scripts" / Path(*name.split("."))
        path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        path.write_text(ast.unparse(tree), "utf-8")
    code = Code(tmp_path / "scripts/segbench")
    after = {rule: code.digest(*of) for rule, of in rules(tmp_path).items()}
    changed = {rule for rule, digest in after.items() if digest != lab.before[rule]}
    assert changed == lab.touched(edit.touched)
