from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from segbench.templating import environment


def render(folder: Path, text: str, **values: object) -> str:
    (folder / "x.html").write_text(text, encoding="utf-8")
    templates = environment({"x.html": folder / "x.html"}, keep_trailing_newline=True)
    return templates.get_template("x.html").render(values)


def test_text_is_escaped(tmp_path: Path):
    text = render(tmp_path, "<p title='{{ a }}'>{{ a }}</p>\n", a="<'&")
    assert text == "<p title='&lt;&#39;&amp;'>&lt;&#39;&amp;</p>\n"


def test_blocks_leave_no_blank_lines(tmp_path: Path):
    assert render(tmp_path, "{% for n in (1, 2) %}\n  {% if n == 2 %}\n{{ n }}\n  {% endif %}\n"
                  "{% endfor %}\n") == "2\n"  # fmt: skip


@pytest.mark.parametrize("text", ["{{ a }}", "{{ a.b }}", "{% if a %}x{% endif %}"])
def test_a_missing_variable_is_an_error(tmp_path: Path, text: str):
    with pytest.raises(UndefinedError, match="'a' is undefined"):
        render(tmp_path, text)


def test_only_declared_files_can_be_included(tmp_path: Path):
    (tmp_path / "other.html").write_text("secret")
    with pytest.raises(TemplateNotFound, match=r"other\.html"):
        render(tmp_path, '{% include "other.html" %}')
