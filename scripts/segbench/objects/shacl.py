"""Check metadata against the shapes (SHACL), part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segbench.data_files import data_file
from segbench.errors import SegbenchError
from segbench.files import write_text
from segbench.objects.rdf import IMAGE_MARK, OBJECT_MARK
from segbench.objects.syntax import PREFIXES

#: The shapes that come with segbench.
SHAPES_FILE = data_file("objects/shapes.ttl")

#: Objects that are checked together. The time grows with the objects, the memory with this.
BATCH = 500

_SHOWN = 5


@dataclass(frozen=True)
class Report:
    """What was checked.

    Attributes
    ----------
    statements, rois : int
        Distinct within each part; what opens the file is counted once.
    findings : tuple of str
        One line a violation: what node, which property, which constraint, which value.
    """

    statements: int
    rois: int
    findings: tuple[str, ...]

    @property
    def conforms(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def check(turtle: str | Path, shapes: str | Path = SHAPES_FILE) -> Report:
    """Check a Turtle file against shapes and list what violates them.

    Parameters
    ----------
    turtle : str or Path
        From `write_rdf`, or any other; one without the marks of `write_rdf` is checked as a
        whole.

    Raises
    ------
    SegbenchError
        One of the two is not Turtle.
    """
    from pyshacl import validate as shacl
    from rdflib import RDF, SH, Namespace

    constraints = _parse(Path(shapes).read_text(encoding="utf-8"), shapes)
    roi = Namespace(PREFIXES["seg"]).ROI
    findings: list[str] = []
    statements = rois = 0
    for number, part in enumerate(_batches(Path(turtle))):
        graph = _parse("".join(part), turtle)
        repeated = len(_parse("".join(part[:1]), turtle)) if number else 0
        statements += len(graph) - repeated
        rois += sum(1 for _ in graph.subjects(RDF.type, roi))
        conforms, results, _ = shacl(graph, shacl_graph=constraints, inference="none")
        if not conforms:
            findings += [
                _finding(results, one) for one in results.subjects(RDF.type, SH.ValidationResult)
            ]
    return Report(statements, rois, tuple(sorted(set(findings))))


def validate(turtle: str | Path, shapes: str | Path = SHAPES_FILE) -> Report:
    """Check a Turtle file against shapes; return the report of one that conforms.

    Raises
    ------
    SegbenchError
        It does not: the message names the ROI (or image, or run), the property, the
        constraint and the value.
    """
    report = check(turtle, shapes)
    if not report.conforms:
        more = len(report.findings) - _SHOWN
        lines = "\n".join(report.findings[:_SHOWN]) + (f"\nand {more} more" if more > 0 else "")
        raise SegbenchError(
            f"{turtle}: does not conform to {Path(shapes).name}\n{lines}",
            "metadata that keep all constraints",
            "measure and describe again; if that does not help, report it as a bug",
        )
    return report


def write_report(report: Report, path: str | Path) -> None:
    """Write what was checked as a few lines of text."""
    lines = [
        f"conforms: {'yes' if report.conforms else 'no'}",
        f"statements: {report.statements}",
        f"regions of interest: {report.rois}",
        *report.findings,
    ]
    write_text(path, "\n".join(lines) + "\n")


def _parse(text: str, name: str | Path) -> Any:
    from rdflib import Graph

    try:
        return Graph().parse(data=text, format="turtle")
    except Exception as error:  # rdflib's parsers raise many kinds
        raise SegbenchError(
            f"{name}: is not Turtle ({str(error)[:200]})",
            "a file as `write_rdf` writes it",
            "describe the objects again",
        ) from error


def _batches(path: Path) -> Iterator[list[str]]:
    """Parts that can be checked alone: the head, images, and some of their objects."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "a Turtle file", "describe the objects again"
        ) from error
    head, *images = text.split(f"\n{IMAGE_MARK}")
    batch, size = [head], 0
    for image in images:
        start, *objects = image.split(f"\n{OBJECT_MARK}")
        batch.append(start)
        for each in objects:
            if size == BATCH:
                yield batch
                batch, size = [head, start], 0
            batch.append(each)
            size += 1
    yield batch


def _finding(results: Any, one: Any) -> str:
    """One violation as a line."""
    from rdflib import SH, BNode

    def short(name: Any) -> str:
        value = results.value(one, name)
        return "" if value is None else str(value)

    path = results.value(one, SH.resultPath)
    where = "path" if isinstance(path, BNode) else str(path or "node")
    where = where.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
    constraint = short(SH.sourceConstraintComponent).rsplit("#", 1)[-1]
    constraint = constraint.removesuffix("ConstraintComponent")
    value = short(SH.value)
    shown = f", value {value[:80]!r}" if value and value != short(SH.focusNode) else ""
    message = short(SH.resultMessage).split("\n", maxsplit=1)[0][:200]
    return f"{short(SH.focusNode)}: {where}: {constraint}{shown}: {message}"
