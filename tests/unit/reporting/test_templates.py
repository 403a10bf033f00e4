from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from segbench.reporting import templates
from segbench.reporting.templates import FILES, render


@pytest.fixture
def only(tmp_path: Path, monkeypatch):
    """Make a text the only template."""

    def use(text: str) -> str:
        (tmp_path / "x.html").write_text(text, encoding="utf-8")
        monkeypatch.setattr(templates, "FILES", {"x.html": tmp_path / "x.html"})
        return "x.html"

    return use


def test_every_template_is_declared():
    folder = FILES["page.html"].parent
    assert {path.name for path in folder.iterdir()} == set(FILES)
    asked = set()
    for path in FILES.values():
        asked |= set(re.findall(r'(?:include|from) "([^"]+)"', path.read_text()))
    assert asked == set(FILES) - {"page.html"}


def test_values_are_printed_by_filters(only):
    name = only(
        "{{ 75 | duration }} {{ 0.5 | percent }} {{ none | number }} {{ 0.12345 | significant }}"
    )
    assert render(name) == "1 min 15 s 50 % \u2013 0.123"


def test_a_missing_variable_is_an_error(only):
    with pytest.raises(UndefinedError, match="'title' is undefined"):
        render(only("{{ title }}"))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60))
def test_text_never_becomes_markup(tmp_path_factory, text: str):
    from html import unescape

    path = tmp_path_factory.mktemp("t") / "x.html"
    path.write_text("<p title='{{ text }}'>{{ text }}</p>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "FILES", {"x.html": path})
        html = render("x.html", text=text)
    assert html.count("<") == 2
    assert html.count("'") == 2
    assert unescape(html.split(">")[1].split("<")[0]) == text
