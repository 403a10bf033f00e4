"""Tables as LaTeX."""

from __future__ import annotations

from segbench.statistics.grid import Column, Grid, Row, Table
from segbench.statistics.latex import escape, render
from unit.statistics.test_html import TABLE


def test_special_characters_are_escaped():
    assert escape("a_b & 5 % <c> {0.1} ~^#$|") == (
        r"a\_b \& 5 \% \textless{}c\textgreater{} \{0.1\} "
        r"\textasciitilde{}\textasciicircum{}\#\$\textbar{}"
    )
    assert escape("\N{MINUS SIGN}1 \N{PLUS-MINUS SIGN} 2") == r"$-$1 $\pm$ 2"
    assert escape("back\\slash\nline") == r"back\textbackslash{}slash line"


def test_the_environment_word_by_word():
    assert render(TABLE).splitlines() == [
        r"% Needs \usepackage{booktabs}.",
        r"\begin{table}",
        r"\centering",
        r"\caption{Title. Which? It's a\textless{}b.}",
        r"\label{tab:toy}",
        r"\begin{tabular}{lrl}",
        r"\toprule",
        r"Arm & IoU & Tied \\",
        r" & {\tiny iou/per-image} &  \\",
        r"\midrule",
        r"\emph{U-Net [1]} & \emph{0.9 $\pm$ 0.1} &  \\",
        r"\midrule",
        r"\textbf{a\textless{}b} & \textbf{0.8} & \textbf{best} \\",
        r"c & 0.7 & tied \\",
        r"\bottomrule",
        r"\end{tabular}",
        "",
        r"\medskip",
        r"\begin{minipage}{\linewidth}",
        r"\footnotesize",
        r"A note \& more.\par",
        r"\end{minipage}",
        r"\end{table}",
    ]


def test_a_line_never_begins_with_a_bracket():
    grid = Grid("Caption", (Column("Arm", figures=False),), 1, (Row(("[1]",)),))
    text = render(Table("t", "T", "Q?", "A.", (grid, grid), (), False))
    assert text.count(r"{}[1] \\") == 2
    assert r"Caption\par" in text
