"""Fluent, strictly: a message is a finished sentence or it is missing, nothing in between.

``fluent.runtime`` drops broken entries, ignores duplicates, shows the id of a missing term and
takes the process's locale for a language it does not know. For a warning each of these is a
silent loss. So resources are parsed with ``fluent.syntax`` and checked here first, only checked
entries reach a ``FluentBundle``, and any error while formatting means "missing". Rules:

1. Junk, a message without a value, an attribute, a function call, an id used twice: a problem.
2. ``format`` gives text only if the runtime reported no error and the text is finished.
3. Isolation is always on: what is filled in cannot turn the sentence around it.
4. Numbers and dates come as text, finished by ``locales``; an ``int`` only chooses a plural.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from fluent.runtime import FluentBundle
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Transformer, Visitor

from mirror.notices.model import is_finished_text

_ACCENTS: Final = str.maketrans("aceinorsuyzACEINORSUYZ", "áçéíñóŕšúýžÁÇÉÍÑÓŔŠÚÝŽ")


@dataclass(frozen=True, slots=True)
class Resource:
    """One checked file: its usable entries by id (terms with their dash), and what was wrong."""

    entries: Mapping[str, ast.Message | ast.Term]
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Unwanted(Visitor):
    """Finds what rule 1 forbids inside an entry."""

    found: str = ""

    def visit_FunctionReference(self, node: ast.FunctionReference) -> None:  # noqa: N802 - Fluent's name
        self.found = f"calls the function {node.id.name}"


@dataclass(slots=True)
class _Pseudo(Transformer):
    """Accents on every letter a translator would replace; what is filled in stays as it is."""

    parts: list[str] = field(default_factory=list)

    def visit_TextElement(self, node: ast.TextElement) -> ast.TextElement:  # noqa: N802 - Fluent's name
        node.value = node.value.translate(_ACCENTS)
        return node


@lru_cache(maxsize=256)  # a release reads each file for the lint and for the rendering
def parse(text: str) -> Resource:
    """Return the entries of one Fluent file; each problem names the entry or the line."""
    entries: dict[str, ast.Message | ast.Term] = {}
    problems = []
    twice = set()
    for entry in FluentParser().parse(text).body:
        if isinstance(entry, ast.Junk):
            at = entry.span.start if entry.span else 0
            problems.append(f"line {text.count(chr(10), 0, at) + 1} is not Fluent")
        elif isinstance(entry, ast.Message | ast.Term):
            name = ("-" if isinstance(entry, ast.Term) else "") + entry.id.name
            if name in entries or name in twice:
                twice.add(name)
                problems.append(f"{name} stands there twice")
            elif wrong := _wrong(entry):
                problems.append(f"{name} {wrong}")
            else:
                entries[name] = entry
    # Which of two was meant nobody can say: neither is used.
    return Resource({name: entry for name, entry in entries.items() if name not in twice}, tuple(problems))


def pseudo(resource: Resource) -> Resource:
    """Return the English resource in the pseudo-locale: accented, a third longer, in brackets."""
    changed: dict[str, ast.Message | ast.Term] = {}
    for name, entry in resource.entries.items():
        copy = entry.clone()
        _Pseudo().visit(copy)
        if isinstance(copy, ast.Message) and copy.value is not None:
            length = sum(len(e.value) for e in copy.value.elements if isinstance(e, ast.TextElement))
            tail = "~" * (length // 3 + 1)
            copy.value.elements = [ast.TextElement("["), *copy.value.elements, ast.TextElement(f" {tail}]")]
        changed[name] = copy
    return Resource(changed, resource.problems)


class Sentences:
    """The messages of one language, from one or more checked resources."""

    def __init__(self, plural_locale: str, resources: list[Resource]) -> None:
        self._bundle = FluentBundle([plural_locale], use_isolating=True)
        for resource in resources:
            self._bundle.add_resource(ast.Resource(list(resource.entries.values())))

    def format(self, id_: str, arguments: Mapping[str, str | int] | None = None) -> str | None:
        """Return the finished sentence, or ``None``: absent, blank, or anything went wrong."""
        if not self._bundle.has_message(id_):
            return None
        pattern = self._bundle.get_message(id_).value
        if pattern is None:
            return None
        try:
            text, errors = self._bundle.format_pattern(pattern, dict(arguments or {}))
        except RecursionError:  # the runtime does not notice every sentence that refers to itself
            return None
        if errors or not isinstance(text, str) or not is_finished_text(text):
            return None
        return text


def _wrong(entry: ast.Message | ast.Term) -> str:
    if entry.attributes:
        return "has attributes, which nothing shows"
    if entry.value is None:
        return "has no text"
    visitor = _Unwanted()
    visitor.visit(entry)
    return visitor.found
