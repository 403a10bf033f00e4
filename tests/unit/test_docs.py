"""Links and named files of the documentation exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("profiles/**/*.md")])
LINK = re.compile(r"\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)")
FOLDERS = "config|docs|envs|profiles|rules|scripts|tests"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]+)`")
#: What the reader of a guide writes, without its text in the guide.
WRITTEN = {"config/datasets/my_cells.yaml", "tests/unit/imaging/test_brightness.py"}
BLOCK = re.compile(r"^```.*?^```", re.M | re.S)


@cache
def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text("utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in headings}


def dead_links(page: Path) -> list[str]:
    """Relative links of a page that lead nowhere."""
    dead = []
    for target, anchor in LINK.findall(page.read_text("utf-8")):
        found = page.parent / target if target else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            dead.append(f"{target}#{anchor}")
    return dead


def missing_files(page: Path) -> list[str]:
    """Files that a page names and that neither exist nor are written by following the page."""
    text = page.read_text("utf-8")
    made = set(re.findall(rf"^`((?:{FOLDERS})/[\w./-]+)`:$", text, re.M))
    named = {name for name in NAMED.findall(text) if not re.search(r"[A-Z]{4}", name)}
    return sorted(name for name in named - made - WRITTEN if not (ROOT / name).exists())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert dead_links(page) == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name != "CHANGELOG.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_named_files_exist(page):
    assert missing_files(page) == []


def test_a_dead_link_and_a_missing_file_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One two\n[a](#one-two) [b](#three) [c](gone.md) [d](page.md#one-two) [e](https://x.org)\n"
        "`rules/train.smk` `rules/gone.smk`\n\n`rules/new.smk`:\n"
    )
    assert dead_links(page) == ["#three", "gone.md#"]
    assert missing_files(page) == ["rules/gone.smk"]
