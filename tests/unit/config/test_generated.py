"""The command that writes the schema and the reference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segbench.config.__main__ import GENERATED, main
from segbench.config.reference import reference_text
from segbench.config.schema import schema, schema_text


def test_the_generated_files_agree_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_a_difference_is_shown_and_writing_repairs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ["--root", str(tmp_path)]
    assert main([*root, "--check"]) == 1
    assert "make schema" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert main(root) == 0
    assert capsys.readouterr().out.splitlines() == [f"wrote {name}" for name in GENERATED]
    assert main(root) == 0
    assert main([*root, "--check"]) == 0
    assert capsys.readouterr().out == ""
    stale = tmp_path / "docs/reference/configuration.md"
    text = stale.read_text(encoding="utf-8")
    stale.write_text(text.replace("| `batch` | `8` |", "| `batch` | `9` |", 1), encoding="utf-8")
    assert main([*root, "--check"]) == 1
    out = capsys.readouterr().out
    assert "--- docs/reference/configuration.md (file)" in out
    assert "\n-| `batch` | `9` |" in out
    assert "\n+| `batch` | `8` |" in out
    assert "schema.json" not in out


def test_both_are_deterministic() -> None:
    assert schema_text() == schema_text()
    assert reference_text() == reference_text()
    assert json.loads(schema_text()) == schema()
