"""The house rules a machine can keep, read from the files: imports, names, templates, requirements."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, nodes

ROOT = Path(__file__).parent.parent

# -- the tables -------------------------------------------------------------------------------------------------------

ROOTS = (
    "prima",
    "prima.home",
    "prima.jobs",
    "prima.cli",
    "prima.rooms",
    "prima.serve",
    "prima.bench",
    "prima.bench_exports",
    "prima.bench_load",
)
ROOT_PACKAGES = ("demonstration",)  # these, ROOTS and prima/cli_*.py compose the rest
PACKAGES = ("projects", "endorsement", "reporting")  # each may import those before it
TABLES = ("stages", "steps", "calendar", "rights", "rules", "tones", "changes")
PURE = (
    "shares", "gauges", "tasks", "snapshot", "numbering", "workplan", "heat", "headcount", "reading", "differences",
    "electronic_file", "routing", "record", "proof", "spending", "statement", "monitoring", "lights", "standing",
    "evaluating",
)  # fmt: skip
"""Computed from what was loaded."""
# Packages that belong to the ground floor, as prima/*.py does.
FOUNDATION = ("handbook", "reference", "spreadsheets", "people", "administration")


class Layer(NamedTuple):
    """What a layer's modules may import of the packages, and what they never import of the rest."""

    may: tuple[str, ...]
    never: tuple[str, ...]


DATABASE = ("prima.db", "sqlalchemy", "flask_sqlalchemy")
ASKING = ("flask", "wtforms", "flask_wtf", "prima.forms")  # what only a request needs
ASKED = (
    "queries", "visibility", "portfolio", "choices", "names", "loading", "similar", "library", "funding_rounds",
    "changing", "agenda", "summary", "search", "exports", "analysis",
)  # fmt: skip
READING = (*TABLES, *PURE, "models", *ASKED)
ACTING = ("operations", "reminders", "files")
SHOWING = ("figures", "workbooks", "icalendars")
PAPERS = ("papers",)  # a loaded proposal as a file
TELLING = ("overview", "page", "process")  # what a page says of its subject, before a template draws it

LAYERS = {
    **dict.fromkeys(TABLES, Layer((*TABLES, *PURE), (*DATABASE, *ASKING))),
    **dict.fromkeys(PURE, Layer((*TABLES, *PURE, "models"), (*DATABASE, *ASKING))),
    "models": Layer((*TABLES, "models"), ASKING),
    **dict.fromkeys(ASKED, Layer(READING, ASKING)),
    **dict.fromkeys(ACTING, Layer((*READING, *ACTING), ASKING)),
    **dict.fromkeys(SHOWING, Layer((*TABLES, *ASKED, *SHOWING), (*DATABASE, "flask"))),
    **dict.fromkeys(PAPERS, Layer((*TABLES, *PURE, "models", *PAPERS), (*DATABASE, *ASKING))),
    **dict.fromkeys(TELLING, Layer((*READING, *TELLING), (*DATABASE, "wtforms"))),
    "forms": Layer((*TABLES, "forms"), DATABASE),
    "views": Layer(
        (*READING, *ACTING, *SHOWING, *PAPERS, *TELLING, "forms", "views"), ("sqlalchemy", "flask_sqlalchemy")
    ),
}

NAMES_OF_NOTHING = re.compile("base|common|helpers?|managers?|misc|services?|utils?")

# The database's clock counts too: it knows nothing of a fixed day.
TIME = re.compile(
    r"(^|\.)(date\.today|datetime\.(now|utcnow|today)|time\.(time|time_ns|localtime|gmtime)"
    r"|func\.(now|current_date|current_timestamp))$"
)

OUT_OF_TEMPLATES = {"db", "models", "operations", "prima", "queries", "select"}
SAFE = {}  # template: why what it marks `|safe` is safe

HOST = re.compile(r"https?:|git\+|file:|(^|\s)(-i|-f|--\S*(index|link|host)\S*)\b|\s@\s", re.MULTILINE)
UNFINISHED = re.compile(rf"\b({'TO' + 'DO'}|{'FIX' + 'ME'})\b")
WRITTEN = {".py", ".html", ".css", ".js", ".md", ".toml", ".txt", ".mako", ".ini", ""}
NOT_OURS = {".git", ".venv", "instance", "node_modules"}

# -- reading the house ------------------------------------------------------------------------------------------------


def files(folder: str, ending: str) -> list[Path]:
    return sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob(f"*{ending}"))


def each(paths: list[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """One test a rule that looks at every file: thousands of tests would cost more than what they look at."""

    def around(rule: Callable[[Path], None]) -> Callable[[], None]:
        def over_all() -> None:
            assert paths, "There is no file to look at."
            wrong = []
            for path in paths:
                try:
                    rule(path)
                except AssertionError as error:
                    wrong.append(f"{path}: {error}")
            assert not wrong, "\n".join(wrong)

        over_all.__name__, over_all.__doc__ = rule.__name__, rule.__doc__
        over_all.__module__ = rule.__module__
        return over_all

    return around


PRIMA = files("prima", ".py")
TESTS = files("tests", ".py")
TEMPLATES = [path for path in files("prima", ".html") if "templates" in path.parts]


def dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in PRIMA}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


@cache
def text(path: Path) -> str:
    return (ROOT / path).read_text("utf-8")


class Import(NamedTuple):
    module: str
    name: str
    line: int
    for_types: bool


@cache
def imports(path: Path) -> list[Import]:
    """All imports of a module, relative ones made absolute; `for_types` if only a type checker follows it."""
    for_types = {
        id(inner)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, "", node.lineno, id(node) in for_types) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.parts[:-1][: len(path.parts) - node.level]) if node.level else ""
            source = ".".join(filter(None, [package, node.module]))
            for alias in node.names:
                module = f"{source}.{alias.name}"
                names_a_module = module in MODULES
                found.append(
                    Import(module if names_a_module else source, alias.name, node.lineno, id(node) in for_types)
                )
    return found


def at(path: Path, line: int) -> str:
    return f"{path}:{line}"


def package_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "prima" and parts[1] in PACKAGES else None


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[2] if package_of(module) and len(parts) > 2 else None


def composes(module: str) -> bool:
    """Whether it stands above all packages: it may know them all, and none of them knows it."""
    return (
        module in ROOTS
        or module.startswith("prima.cli_")
        or under(module, tuple(f"prima.{name}" for name in ROOT_PACKAGES))
    )


def under(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


# -- modules ----------------------------------------------------------------------------------------------------------


@each([*PRIMA, *TESTS])
def test_a_module_says_what_it_is_for(path):
    assert not tree(path).body or ast.get_docstring(tree(path)), f"{path} starts without a docstring."


@each([*PRIMA, *TESTS])
def test_a_module_is_named_by_its_noun(path):
    found = [part for part in path.parts if NAMES_OF_NOTHING.fullmatch(Path(part).stem)]
    assert not found, f"{path} is named after no thing."


@each(PRIMA)
def test_a_module_has_its_place(path):
    module, layer = dotted(path), layer_of(dotted(path))
    assert layer is None or layer in LAYERS, f"{path}: {layer!r} is no layer; see LAYERS."
    if len(path.parts) > 2:
        folder = path.parts[1]
        known = (*PACKAGES, *FOUNDATION, *ROOT_PACKAGES)
        assert folder in known, f"{module}: put {folder!r} among PACKAGES, FOUNDATION or ROOT_PACKAGES."


@each([*PRIMA, *TESTS])
def test_imports_stand_at_the_top(path):
    functions = (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    inside = [node for function in functions for node in ast.walk(function)]
    found = [at(path, node.lineno) for node in inside if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not found, f"Imports inside a function: {found}"


@each(PRIMA)
def test_packages_point_one_way(path):
    """Reporting knows endorsement, endorsement knows projects, the ground floor knows none of them."""
    module = dotted(path)
    if composes(module):
        return
    known = PACKAGES[: PACKAGES.index(package_of(module)) + 1] if package_of(module) else ()
    wrong = [one for one in imports(path) if package_of(one.module) not in (None, *known)]
    assert not wrong, [f"{at(path, one.line)} imports {one.module}" for one in wrong]


@each(PRIMA)
def test_nobody_imports_what_composes_the_rest(path):
    if composes(dotted(path)):
        return
    wrong = [one for one in imports(path) if composes(one.module)]
    assert not wrong, [f"{at(path, one.line)} imports {one.name or one.module} of {one.module}" for one in wrong]


@each([path for path in PRIMA if layer_of(dotted(path)) in LAYERS])
def test_a_layer_imports_what_the_table_allows(path):
    layer = LAYERS[layer_of(dotted(path))]
    wrong = [
        f"{at(path, one.line)} imports {one.module}"
        for one in imports(path)
        if layer_of(one.module) not in (None, *layer.may) or under(one.module, layer.never)
    ]
    assert not wrong, wrong


def test_imports_make_no_circle():
    graph = {
        module: sorted({one.module for one in imports(path) if one.module in MODULES and not one.for_types})
        for module, path in MODULES.items()
    }
    done: set[str] = set()

    def walk(module: str, trail: list[str]) -> None:
        assert module not in trail, "Modules import each other: " + " -> ".join([*trail[trail.index(module) :], module])
        if module not in done:
            for target in graph[module]:
                walk(target, [*trail, module])
            done.add(module)

    for module in graph:
        walk(module, [])


@each([path for path in PRIMA if dotted(path) != "prima.clock"])
def test_only_the_clock_reads_the_time(path):
    found = [
        f"{at(path, node.lineno)}: {ast.unparse(node)}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and TIME.search(ast.unparse(node))
    ]
    found += [at(path, one.line) for one in imports(path) if one.module == "time" and one.name in ("time", "time_ns")]
    assert not found, f"Ask prima/clock.py instead: {found}"


@each([path for path in PRIMA if layer_of(dotted(path)) == "views"])
def test_a_view_leaves_the_database_to_queries_and_operations(path):
    asked = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute | ast.Name)]
    found = [at(path, node.lineno) for node in asked if ast.unparse(node) in ("db.session", "select")]
    assert not found, f"A view asks the database itself: {found}"


# -- templates --------------------------------------------------------------------------------------------------------

JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
POST_FORM = re.compile(r"<form\b[^>]*\bmethod=[\"']?post\b.*?</form>", re.DOTALL | re.IGNORECASE)
SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[a-z][^>]*>", re.DOTALL | re.IGNORECASE)
STYLED = re.compile(r"\s(style|on[a-z]+)\s*=", re.IGNORECASE)


@cache
def template(path: Path) -> nodes.Template:
    return Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True).parse(text(path))


def markup(path: Path) -> str:
    """A template's own HTML, with line breaks kept where Jinja's part was."""
    return JINJA.sub(lambda found: "\n" * found.group().count("\n"), text(path))


def lines(path: Path, source: str, found: Iterator[re.Match], wrong: Callable[[re.Match], object]) -> list[str]:
    return [at(path, source.count("\n", 0, one.start()) + 1) for one in found if wrong(one)]


@each(TEMPLATES)
def test_a_template_holds_no_script(path):
    source = markup(path)
    found = lines(
        path,
        source,
        SCRIPT.finditer(source),
        lambda script: script["code"].strip() and "application/json" not in script["attributes"],
    )
    assert not found, f"Script belongs in static/prima.js: {found}"


@each(TEMPLATES)
def test_a_template_holds_no_style_and_no_handler(path):
    source = markup(path)
    found = lines(path, source, TAG.finditer(source), lambda tag: STYLED.search(tag.group()))
    assert not found, f"Attributes that the content security policy forbids: {found}"


@each(TEMPLATES)
def test_a_form_that_posts_carries_its_token(path):
    source = text(path)
    found = lines(
        path, source, POST_FORM.finditer(source), lambda form: not re.search(r"hidden_tag\(|csrf_token", form.group())
    )
    assert not found, f"Forms without hidden_tag() or csrf_token: {found}"


@each(TEMPLATES)
def test_a_template_marks_nothing_safe_unlisted(path):
    found = [at(path, node.lineno) for node in template(path).find_all(nodes.Filter) if node.name == "safe"]
    assert not found or str(path) in SAFE, f"Marked safe; say in SAFE why: {found}"


@each(TEMPLATES)
def test_a_template_names_no_module(path):
    found = [
        f"{at(path, node.lineno)}: {node.name}"
        for node in template(path).find_all(nodes.Name)
        if node.ctx == "load" and node.name in OUT_OF_TEMPLATES
    ]
    assert not found, f"A template sees only what the view passes: {found}"


# -- all files --------------------------------------------------------------------------------------------------------


@each(sorted(path.relative_to(ROOT) for path in ROOT.glob("requirements*.txt")))
def test_requirements_name_no_host(path):
    found = HOST.search(text(path))
    assert not found, f"{path} names where packages come from: {found and found.group()}"


def test_nothing_is_left_for_later():
    found = [
        at(path.relative_to(ROOT), number)
        for path in our_files(ROOT)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found, f"Do it or leave it out: {found}"


def our_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_OURS or path.name.endswith("_cache") or path.name in ("__pycache__", ".hypothesis"):
            continue
        if path.is_dir():
            yield from our_files(path)
        elif path.suffix in WRITTEN:
            yield path
