"""No call in mldiag turns data into code; the few that must are named here, each with its reason."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mldiag"

ALLOWED = {
    # Between a command and the processes that it has started itself, over pipes and files without a name.
    ("tracking/messages.py", "pickle.loads"),
    ("run/cargo.py", "pickle.loads"),
    ("run/engines/task_slots.py", "pickle.loads"),
    # The experiment's own code: its file, its module, its estimator, what its code names at run time.
    ("adapters/user_file.py", "exec"),
    ("adapters/user_file.py", "compile"),
    ("adapters/targets.py", "import_module"),
    ("adapters/table.py", "import_module"),
    ("run/code/scope.py", "import_module"),
    # Compared with the code that runs already, and never run.
    ("run/code/source_tree.py", "compile"),
    # Modules of mldiag and its extras, chosen from lists in the code.
    ("__init__.py", "import_module"),
    ("demo/__init__.py", "import_module"),
    ("run/engines/choice.py", "import_module"),
    ("steps/__init__.py", "import_module"),
    ("steps/audit/checks/__init__.py", "import_module"),
    ("steps/sweep/modes.py", "import_module"),
    ("data/audio/libraries.py", "import_module"),
    # A fixed script that ends a training's process group; what varies are its arguments.
    ("adapters/process.py", "a shell"),
    # Our own style and script, read from the package.
    ("report/page.py", "Markup"),
}

CODE = {
    "eval", "exec", "compile", "__import__", "import_module", "execfile",
    "pickle.load", "pickle.loads", "pickle.Unpickler", "cloudpickle.load", "cloudpickle.loads", "dill.load",
    "dill.loads", "marshal.load", "marshal.loads", "shelve.open", "joblib.load", "pandas.read_pickle",
    "pd.read_pickle", "pd.read_hdf", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "jsonpickle.decode",
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "pty.spawn",
    "runpy.run_path", "code.interact", "Markup", "markupsafe.Markup",
}  # fmt: skip
"""Calls that run what they are given, or write it as it is into a page."""

UNSAFE_METHODS = {"extractall", "enable_load_extension", "load_extension", "render_template_string"}
PARSERS = {
    "ElementTree.fromstring",
    "ElementTree.parse",
    "minidom.parse",
    "etree.fromstring",
    "etree.parse",
}


def name_of(node):
    """The dotted name of a call, as far as it is one."""
    if isinstance(node, ast.Attribute):
        before = name_of(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_constant(call):
    return bool(call.args) and isinstance(call.args[0], ast.Constant)


def keyword(call, name):
    return next((item.value for item in call.keywords if item.arg == name), None)


def starts_a_shell(call):
    first = call.args[0] if call.args else None
    words = first.elts if isinstance(first, (ast.List, ast.Tuple)) else []
    texts = [word.value for word in words if isinstance(word, ast.Constant)]
    return any(re.search(r"(^|/)(ba|da|z)?sh$", str(text)) for text in texts) and "-c" in texts


def what_is_unsafe(call):
    """What a call does with data that could come from outside; nothing for most."""
    name = name_of(call.func)
    last = name.rpartition(".")[2]
    if name in CODE or (last in ("import_module", "read_pickle", "Markup") and "." in name):
        constant = last in ("__import__", "import_module") and is_constant(call)
        yield from () if constant else (name if name in CODE else last,)
    if last in UNSAFE_METHODS:
        yield last
    if name in PARSERS:
        yield "an XML parser"
    shell = keyword(call, "shell")
    if shell is not None and not (isinstance(shell, ast.Constant) and shell.value is False):
        yield "shell="
    if starts_a_shell(call):
        yield "a shell"
    if last in ("eval", "query") and "." in name and call.args:
        yield f"{last} of a table"  # pandas evaluates expressions
    allowed = keyword(call, "allow_pickle")
    if allowed is not None and not (isinstance(allowed, ast.Constant) and allowed.value is False):
        yield "allow_pickle"
    weights = keyword(call, "weights_only")
    if name == "torch.load" and not (isinstance(weights, ast.Constant) and weights.value is True):
        yield "torch.load"
    for option in ("autoescape", "verify"):
        value = keyword(call, option)
        if isinstance(value, ast.Constant) and value.value is False:
            yield f"{option}=False"
    if (
        name.endswith("Environment")
        and keyword(call, "loader")
        and keyword(call, "autoescape") is None
    ):
        yield "autoescape=False"


def found_in(source, file):
    return {
        (file, unsafe)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        for unsafe in what_is_unsafe(node)
    }


def test_what_could_run_data_as_code_is_what_is_allowed_and_nothing_else():
    found = set()
    for path in PACKAGE.rglob("*.py"):
        found |= found_in(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).as_posix())
    assert found - ALLOWED == set()
    assert ALLOWED - found == set(), "no longer needed"


@pytest.mark.parametrize(
    "line",
    [
        "eval(text)", "exec(text)", "pickle.loads(data)", "pickle.load(file)",
        "np.load(f, allow_pickle=True)",
        "np.load(f, allow_pickle=given)", "torch.load(f)", "torch.load(f, weights_only=False)",
        "yaml.load(text)", "subprocess.run(line, shell=True)", "subprocess.run(['sh', '-c', line])",
        "subprocess.Popen(['/bin/bash', '-c', line])", "os.system(line)", "import_module(name)",
        "importlib.import_module(name)", "pd.read_pickle(f)", "archive.extractall(folder)",
        "frame.query(text)", "frame.eval(text)", "Markup(text)", "markupsafe.Markup(text)",
        "Environment(autoescape=False)", "jinja2.Environment(loader=x)", "joblib.load(f)",
        "ElementTree.fromstring(text)", "connection.load_extension(name)",
    ],
)  # fmt: skip
def test_each_of_these_lines_would_be_found(line):
    assert found_in(line, "a.py")


def test_templates_write_nothing_unescaped():
    templates = sorted((PACKAGE / "report" / "templates").glob("*.j2"))
    assert templates
    for path in templates:
        assert not re.search(r"\|\s*safe|autoescape|Markup", path.read_text(encoding="utf-8")), (
            path.name
        )
