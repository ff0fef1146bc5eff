"""Nothing that people in Discord read slips by the catalogues, and what is asked of them can be answered."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest

from cogs.presentation.catalogues import HOSTS_OWN, ROOT
from generator.errors import SamefoxError
from tests.cogs.test_catalogues import fields

SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.glob("cogs/**/*.py")
    if "rehearsal" not in path.parts and path.name not in ("catalogues.py", "words.py")
)

# -- what slips by ----------------------------------------------------------------------------------------

TRANSLATING = {"_", "ngettext", "pgettext", "Sentence"}
#: Their words go to Discord with the command, which the catalogue is asked for; or to the host.
OTHERWISE = {"describe", "command", "Command", "Group", "context_menu", "ContextMenu", "cast"}
LOGGING = {"debug", "info", "warning", "error", "exception"}
SHOWN = {"label", "title", "placeholder", "text", "content", "description"}
SHOWING = {"TextDisplay", "answer", "send", "send_message", "edit", "edit_message", "Label", "Section"}

WORD = re.compile(r"[A-Za-z]{2,}")
PROSE = re.compile(r"[A-Za-z]{2,}[,:;.…!?’]? (?:[A-Za-z]{2,}|$)|^[A-Z][a-z]+[.!?…]?$")


def is_name(node: ast.expr) -> bool:
    """Whether this is what programs call something: one word in small letters, or a type."""
    return re.fullmatch(r"[a-z_.]+|[\w.]+\[.*\]", literal(node) or "") is not None


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def literal(node: ast.AST) -> str | None:
    """The letters that stand in a string, and not what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    return None


class Reader(ast.NodeVisitor):
    """Finds words for people that no catalogue is asked for."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []
        self._inside = 0  # how many functions

    def visit_FunctionDef(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._inside += 1
        self.generic_visit(function)
        self._inside -= 1

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Call(self, call: ast.Call) -> None:
        name = called(call)
        if name == "Choice" and not self._inside:
            return  # a command's own
        if name in OTHERWISE | LOGGING:
            return
        if name in TRANSLATING | errors():
            for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
                if not isinstance(value, ast.Constant):
                    self.visit(value)
            return
        shown = [keyword.value for keyword in call.keywords if keyword.arg in SHOWN]
        shown += [each for each in call.args if name in SHOWING and not is_name(each)]
        shown += [keyword.value for keyword in call.keywords if (name, keyword.arg) == ("Choice", "name")]
        for value in shown:
            for node in direct(value):
                self.find(node, WORD)
        self.generic_visit(call)

    def visit_ClassDef(self, kind: ast.ClassDef) -> None:
        for keyword in kind.keywords:
            if keyword.arg in SHOWN:
                self.find(keyword.value, WORD)
        for statement in (*kind.decorator_list, *kind.body):
            self.visit(statement)

    def visit_Assign(self, assignment: ast.Assign) -> None:
        if any(isinstance(target, ast.Attribute) and target.attr in SHOWN for target in assignment.targets):
            for node in direct(assignment.value):
                self.find(node, WORD)
        self.generic_visit(assignment)

    def visit_keyword(self, keyword: ast.keyword) -> None:
        if keyword.arg != "name":  # of a task, a file, a parameter
            self.visit(keyword.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if not is_name(node):
            self.find(node, PROSE)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text = literal(node) or ""
        self.find(node, WORD if " " in text else PROSE)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Dict(self, node: ast.Dict) -> None:
        for value in node.values:  # keys are for programs
            self.visit(value)

    def visit_Compare(self, node: ast.Compare) -> None:
        pass  # what is compared is not said

    def visit_Tuple(self, node: ast.Tuple) -> None:
        if self._inside:  # at the top of a module it is a list of names
            self.generic_visit(node)

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        pass

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self.visit(node.test)

    def find(self, node: ast.AST, pattern: re.Pattern[str]) -> None:
        text = literal(node)
        if (
            text is not None
            and not text.startswith("python -m ")
            and pattern.search(re.sub(r"<[^>]*>?| [KM]B\b", "", text))
        ):
            self.found.append((node.lineno, text))  # type: ignore[attr-defined]


@cache
def errors() -> set[str]:
    """The errors for people, whose templates are gathered, and those for programmers."""
    for source in SOURCES:
        import_module(source.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    kinds = [*vars(builtins).values(), *below(SamefoxError)]
    return {each.__name__ for each in kinds if isinstance(each, type) and issubclass(each, BaseException)}


@cache
def people_hear() -> set[str]:
    """The errors whose templates are gathered."""
    return errors() - set(vars(builtins)) - {"ConfigurationError"}


def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for each in kind.__subclasses__():
        yield from below(each)


def direct(node: ast.expr) -> Iterator[ast.expr]:
    """What a value may be: itself, or either side of a choice or a sum."""
    if isinstance(node, ast.IfExp):
        yield from (*direct(node.body), *direct(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from direct(value)
    elif isinstance(node, ast.BinOp):
        yield from (*direct(node.left), *direct(node.right))
    else:
        yield node


@pytest.mark.parametrize(
    "code",
    [
        'ui.Button(label="Cancel")',
        'button.label = "Cancel"',
        'def f(): return Choice(name="Off", value=0)',
        'answer(interaction, _("Yes") if sure else "No")',
        'text = f"{count} frames"',
        'press("takes", "more", number, "More")',
        'text = "Nothing is left."',
        'class Form(ui.Modal, title="Write"): pass',
        'raise NotFound("Gone is {name}.", name=f"story {number}")',
    ],
)
def test_english_alone_is_found(code: str) -> None:
    reader = Reader()
    reader.visit(ast.parse(code))
    assert reader.found != []


@pytest.mark.parametrize(
    "code",
    [
        'ui.Button(label=_("Cancel"), custom_id=f"samefox:cancel:{number}")',
        'log.warning("A story could not be introduced: %s", error)',
        'raise NotFound("Gone is {name}.", name=name)',
        'ui.TextDisplay(f"**{title}** · {number}")',
        'ngettext("{n} frame of many", "{n} frames of many", n)',
    ],
)
def test_what_is_translated_and_what_nobody_reads_is_not_found(code: str) -> None:
    reader = Reader()
    reader.visit(ast.parse(code))
    assert reader.found == []


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_said_in_english_alone(source: str) -> None:
    reader = Reader()
    reader.visit(ast.parse((ROOT / source).read_text(encoding="utf-8")))
    assert sorted(set(reader.found)) == []


# -- how translations are asked for -----------------------------------------------------------------------

ASKING = {"_": 1, "ngettext": 2}  # how many of the arguments are literal texts


class Asking(ast.NodeVisitor):
    """Finds translations that are asked for in a way that cannot work."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []
        self._inside: list[set[str]] = []  # the parameters of each function around

    def visit_FunctionDef(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = function.args
        for outside in (*function.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults)):
            self.visit(outside)
        self._inside.append({each.arg for each in (*arguments.args, *arguments.kwonlyargs)})
        for statement in function.body:
            self.visit(statement)
        self._inside.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, function: ast.Lambda) -> None:
        self._inside.append(set())
        self.visit(function.body)
        self._inside.pop()

    def visit_Call(self, call: ast.Call) -> None:
        name = called(call)
        if isinstance(call.func, ast.Name) and name in ASKING:
            self.asked(call, name)
        elif name in people_hear() | {"Sentence"} and call.args:
            if isinstance(call.args[0], ast.JoinedStr):
                self.found.append((call.lineno, "an f-string cannot be translated"))
            self.compare(call.args[0], call)
        elif name == "format" and isinstance(call.func, ast.Attribute):
            template = call.func.value
            if isinstance(template, ast.Call) and called(template) in ASKING:
                self.compare(template.args[ASKING[called(template)] - 1], call)
        self.generic_visit(call)

    def asked(self, call: ast.Call, name: str) -> None:
        """A translation is asked for while somebody is there to read it, and of a literal text."""
        if not self._inside:
            self.found.append((call.lineno, "asked before anybody is there to read it"))
        elif any(name in parameters for parameters in self._inside):
            self.found.append((call.lineno, f"{name} is a parameter here"))
        if any(not isinstance(text, ast.Constant) for text in call.args[: ASKING[name]]):
            self.found.append((call.lineno, "not a literal"))

    def compare(self, template: ast.expr, call: ast.Call) -> None:
        """The fields of a template are exactly the values that it is given."""
        given = {keyword.arg for keyword in call.keywords}
        if called(call) == "Sentence" and len(call.args) > 1 and isinstance(call.args[1], ast.Dict):
            given = {getattr(key, "value", None) for key in call.args[1].keys}
        if not isinstance(template, ast.Constant) or None in given:  # then it is not written here
            return
        wanted = fields(str(template.value))
        if wanted != given and (given or called(call) == "format"):  # without values, braces are braces
            self.found.append(
                (call.lineno, f"{sorted(wanted)} are wanted, {sorted(map(str, given))} are given")
            )


@pytest.mark.parametrize(
    "code",
    [
        'LABEL = _("Cancel")',
        'def f(a=_("Cancel")): pass',
        'class A:\n  label = _("Cancel")',
        "def f(a): return _(a)",
        'def f(a): return _(f"by {a}")',
        'def f(_): return _("Cancel")',
        'def f(a): return _("by {a}").format(b=a)',
        'def f(a): return ngettext("{n} frame", "{n} frames", a).format(m=a)',
        'def f(a): raise NotFound("Gone is {name}.", number=a)',
        'def f(a): raise NotFound(f"Gone is {a}.")',
    ],
)
def test_what_cannot_work_is_found(code: str) -> None:
    asking = Asking()
    asking.visit(ast.parse(code))
    assert asking.found != []


@pytest.mark.parametrize(
    "source",
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in (*ROOT.glob("cogs/**/*.py"), *ROOT.glob("generator/**/*.py"))
        if not path.relative_to(ROOT).as_posix().startswith(HOSTS_OWN)
    ),
)
def test_translations_are_asked_for_as_they_can_be_given(source: str) -> None:
    asking = Asking()
    asking.visit(ast.parse((ROOT / source).read_text(encoding="utf-8")))
    assert asking.found == []
