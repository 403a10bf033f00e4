"""Which public term each class and each dataset's images have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from segbench.data_files import data_file
from segbench.errors import SegbenchError
from segbench.objects.syntax import PREFIXES

#: The terms that come with segbench.
DEFAULT = data_file("objects/terms.yaml")


@dataclass(frozen=True)
class Terms:
    """Terms by the names of classes and of datasets.

    Attributes
    ----------
    classes, images : mapping of str to str
        As in terms.yaml.
    """

    classes: Mapping[str, str]
    images: Mapping[str, str]

    def of_class(self, name: str, dataset: str) -> str:
        """The term of a class; a local one where none is known.

        Examples
        --------
        >>> terms = Terms({"nucleus": "obo:GO_0005634"}, {})
        >>> terms.of_class("nucleus", "mine"), terms.of_class("left lobe", "mine")
        ('obo:GO_0005634', 'class/mine/left%20lobe')
        """
        local = f"class/{quote(dataset, safe='')}/{quote(name, safe='')}"
        return self.classes.get(f"{dataset}/{name}") or self.classes.get(name) or local

    def of_dataset(self, dataset: str) -> str | None:
        """What the images of a dataset show, if that is known."""
        return self.images.get(dataset)


def read_terms(path: str | Path = DEFAULT) -> Terms:
    """Read a file of terms.

    Raises
    ------
    SegbenchError
        It is no such file, or a term is no IRI.
    """
    import yaml

    try:
        data: Any = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SegbenchError(f"{path}: cannot be read ({error})", "YAML", "correct it") from error
    if not isinstance(data, dict) or set(data) - {"classes", "images"}:
        raise SegbenchError(
            f"{path}: has other keys than classes and images",
            "classes: and images:, each name: term",
            "correct the file",
        )
    for key, terms in data.items():
        for name, term in (terms or {}).items():
            if not _is_iri(term):
                raise SegbenchError(
                    f"{path}: {key}.{name} is {term!r}",
                    f"an IRI, or one with a prefix of {', '.join(PREFIXES)}",
                    "correct the term",
                )
    return Terms(data.get("classes") or {}, data.get("images") or {})


def _is_iri(term: object) -> bool:
    if not isinstance(term, str) or any(c in '<>"{}|^`\\' or c <= " " for c in term):
        return False
    prefix, colon, rest = term.partition(":")
    return bool(colon and rest) and (prefix in PREFIXES or prefix in ("http", "https", "urn"))
