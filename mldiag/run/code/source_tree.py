"""The syntax tree of a live function, without docstrings, comments and layout."""

from __future__ import annotations

import ast
import copy
import linecache
from collections.abc import Iterator
from types import CodeType, FunctionType

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class SourceTrees:
    """Finds the syntax trees of functions; every file is read and parsed once.

    A tree is only given where the source, compiled again, is the code that runs: a file that was edited
    after its import, or code that was generated, must not be described by other text.
    """

    def __init__(self) -> None:
        """Begin with nothing parsed."""
        self._files: dict[str, tuple[ast.Module, list[CodeType]] | None] = {}

    def function(self, function: FunctionType) -> FunctionNode | None:
        """The definition of a function, or None where its source is missing or differs."""
        code = function.__code__
        parsed = self._parsed(code.co_filename, function)
        if parsed is None:
            return None
        tree, compiled = parsed
        if not any(_same_code(code, other) for other in compiled):
            return None
        nodes = [node for node in ast.walk(tree) if _defines(node, code)]
        if len(nodes) > 1:  # several lambdas on one line
            nodes = [node for node in nodes if _holds(node, code)]
        return nodes[0] if len(nodes) == 1 else None  # type: ignore[return-value]

    def module(self, file: str) -> ast.Module | None:
        """The tree of a whole file, or None where it cannot be read."""
        parsed = self._parsed(file, None)
        return parsed[0] if parsed else None

    def _parsed(
        self, file: str, function: FunctionType | None
    ) -> tuple[ast.Module, list[CodeType]] | None:
        if file not in self._files:
            linecache.checkcache(file)
            source = "".join(linecache.getlines(file, function and function.__globals__))
            try:
                tree = ast.parse(source, file)
                compiled = compile(source, file, "exec", dont_inherit=True)
                self._files[file] = (tree, list(_codes(compiled))) if source else None
            except (SyntaxError, ValueError):
                self._files[file] = None
        return self._files[file]


def normal_form(node: ast.AST) -> str:
    r"""Text of a tree without docstrings, positions and comments.

    Example:
        >>> one = ast.parse('def f(x):\n    "Doc."\n    return x  # same')
        >>> normal_form(one) == normal_form(ast.parse("def f( x ): return (x)"))
        True
    """
    node = copy.deepcopy(node)
    for inner in ast.walk(node):
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)):
            _drop_docstring(inner)
    return ast.dump(node, annotate_fields=False, include_attributes=False)


def code_form(code: CodeType, docstring: str | None = None) -> str:
    """Text of a code object, for functions without source: instructions, names and constants.

    Line numbers and file names do not enter, so a moved function stays equal.
    """
    constants = [
        code_form(item) if isinstance(item, CodeType) else _constant(item)
        for item in code.co_consts
    ]
    if docstring is not None and code.co_consts[:1] == (docstring,):
        constants[0] = repr(None)  # what stands there in a function without a docstring
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return repr(
        (code.co_name, code.co_code.hex(), names, code.co_argcount, code.co_flags, constants)
    )


def attribute_chains(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """Names read in a tree with the attributes that follow: `a.b.c` once, whole; `f(x)` as `f` and `x`.

    Example:
        >>> sorted(attribute_chains(ast.parse("helpers.build(net.width)")))
        [('helpers', 'build'), ('net', 'width')]
    """
    inner: set[int] = set()
    for item in ast.walk(node):
        if isinstance(item, (ast.Attribute, ast.Name)) and id(item) not in inner:
            attributes: list[str] = []
            base: ast.AST = item
            while isinstance(base, ast.Attribute):
                attributes.append(base.attr)
                base = base.value
                inner.add(id(base))
            if isinstance(base, ast.Name):
                yield (base.id, *reversed(attributes))


def _constant(item: object) -> str:
    if isinstance(item, frozenset):  # its order differs between processes
        return f"frozenset({sorted(map(repr, item))})"
    return repr(item)


def _drop_docstring(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module,
) -> None:
    first = node.body[0] if node.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        node.body = node.body[1:] or [ast.Pass()]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield item
            yield from _codes(item)


def _same_code(one: CodeType, other: CodeType) -> bool:
    return (
        one.co_name == other.co_name
        and one.co_firstlineno == other.co_firstlineno
        and one.co_code == other.co_code
        and one.co_names == other.co_names
        and code_form(one) == code_form(other)
    )


def _defines(node: ast.AST, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
        return node.name == code.co_name and first == code.co_firstlineno
    return False


def _holds(node: ast.AST, code: CodeType) -> bool:
    """Whether every instruction of the code lies in the body of a lambda."""
    if not isinstance(node, ast.Lambda):
        return False
    body = node.body
    start = (body.lineno, body.col_offset)
    end = (body.end_lineno or body.lineno, body.end_col_offset or 0)
    places = [
        place for place in code.co_positions()
        if place[0] is not None and place[2] is not None and place[2:] != (0, 0)
    ]  # fmt: skip
    return bool(places) and all(
        start <= (line or 0, column or 0) and (end_line or 0, end_column or 0) <= end
        for line, end_line, column, end_column in places
    )
