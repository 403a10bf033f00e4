"""The part of vocabulary.ttl and shapes.ttl that follows from the columns.

``python -m segbench.objects.ontology`` writes it anew; a test says when that is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from segbench.files import write_text
from segbench.objects.columns import INTENSITY, PLANAR, SOLID, UNITS, Column

#: What stands above this line is written by hand.
MARK = "# Measured: written by `python -m segbench.objects.ontology`\n"

_RANGES = {"float": "xsd:double", "int": "xsd:integer", "bool": "xsd:boolean"}


def measured() -> Iterator[Column]:
    """All measured columns, each once; those of planes before those of volumes."""
    seen = set()
    for column in (*PLANAR, *SOLID, *INTENSITY):
        if column.name not in seen:
            seen.add(column.name)
            yield column


def properties() -> str:
    """The measured columns as properties with units."""
    return "".join(f"{_property(column)} .\n\n" for column in measured())


def _property(column: Column) -> str:
    parts = [
        f"seg:{column.name} a owl:DatatypeProperty ;\n    rdfs:range {_RANGES[column.type]}",
        f'rdfs:comment "{column.text}{f" ({column.source})" if column.source else ""}"',
    ]
    if column.unit:
        parts += [f"qudt:hasUnit {UNITS[column.unit]}", f"qudt:hasQuantityKind {column.kind}"]
    return " ;\n    ".join(parts)


def constraints() -> str:
    """Type, number and bounds of each measured column; volumes are not asked for areas."""
    planar, solid = ({column.name for column in part} for part in (PLANAR, SOLID))
    numbers = [column for column in measured() if column.type != "bool"]
    parts = {
        "<#Measured> a sh:NodeShape ; sh:targetClass seg:AnalyzedData": [
            c for c in numbers if (c.name in planar) == (c.name in solid)
        ],
        "<#MeasuredInPlanes> a sh:NodeShape ; sh:targetSubjectsOf seg:area_px": [
            c for c in numbers if c.name in planar - solid
        ],
        "<#MeasuredInVolumes> a sh:NodeShape ; sh:targetSubjectsOf seg:volume_vx": [
            c for c in numbers if c.name in solid - planar
        ],
    }
    return "\n".join(
        f"{head} ;\n" + " ;\n".join(map(_constraint, each)) + " .\n" for head, each in parts.items()
    )


def _constraint(column: Column) -> str:
    parts = [f"sh:path seg:{column.name}", "sh:maxCount 1", f"sh:datatype {_RANGES[column.type]}"]
    if column.low is not None:
        parts.append(f"sh:minInclusive {column.low:g}")
    if column.high is not None:
        parts.append(f"sh:maxInclusive {column.high:g}")
    return f"    sh:property [ {' ; '.join(parts)} ]"


def renew(folder: Path) -> dict[Path, str]:
    """The two files as they should be.

    Parameters
    ----------
    folder : Path
        Where they are.
    """
    made = {"vocabulary.ttl": properties(), "shapes.ttl": constraints()}
    return {
        folder / name: (folder / name).read_text(encoding="utf-8").split(MARK)[0] + MARK + text
        for name, text in made.items()
    }


if __name__ == "__main__":
    for file, content in renew(Path(__file__).parent).items():
        write_text(file, content)
