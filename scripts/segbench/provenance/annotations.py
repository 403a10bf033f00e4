"""Annotations that run: text in them is code, and decorators may read those of a function."""

from __future__ import annotations

import ast

#: Decorators that read the annotations of the function.
_READ_ANNOTATIONS = frozenset(
    {"validate_call", "computed_field", "field_serializer", "model_serializer"}
)


class Unquoted(ast.NodeTransformer):
    """Annotations that were written as text, as syntax."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """What is in Literal is text."""
        return node if _last(node.value) == "Literal" else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Arguments of Field and others are values."""
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Text is code."""
        if not isinstance(node.value, str):
            return node
        try:
            inside = ast.parse(node.value.strip(), mode="eval").body
        except SyntaxError:
            return node
        return ast.copy_location(inside, node)


def reads_annotations(decorator: ast.expr) -> bool:
    """Whether it does; ``f.register`` of a single-dispatch function reads those of types."""
    if isinstance(decorator, ast.Attribute) and decorator.attr == "register":
        return True
    return _last(decorator) in _READ_ANNOTATIONS


def _last(node: ast.AST) -> str:
    """The last name of a decorator or of a type."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
