"""Tables as Markdown."""

from __future__ import annotations

from segbench.statistics.markdown import escape, render
from unit.statistics.test_html import TABLE


def test_special_characters_are_escaped():
    assert escape("a_b c_ | <d> `e` *f* ~g $h$") == (r"a_b c\_ \| \<d\> \`e\` \*f\* \~g \$h\$")
    assert escape("see [1](x), {0.1}\nnext") == r"see [1\](x), {0.1} next"


def test_the_table_word_by_word():
    assert render(TABLE).splitlines() == [
        "# Title",
        "",
        r"**Which?** It's a\<b.",
        "",
        "| Arm | IoU<br>`iou/per-image` | Tied |",
        "| --- | ---: | --- |",
        "| *U-Net [1]* | *0.9 ± 0.1* |  |",
        r"| **a\<b** | **0.8** | **best** |",
        "| c | 0.7 | tied |",
        "",
        "- A note & more.",
    ]
