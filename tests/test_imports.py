"""Imports point one way: nothing imports what stands above it, lazily either."""

import ast
from pathlib import Path

import mldiag

ROOT = Path(mldiag.__file__).parent

LAYERS = (
    ("errors", "kept_process", "redaction", "target_words"),
    ("stop_rule", "trial_spec", "findings"),
    (
        "parameters",
        "ranges",
        "metrics",
        "trial_result",
        "trial",
        "trial_rows",
        "inert_watch",
        "subsets",
        "wording",
    ),
    ("data", "stats", "recording", "roles", "conditions", "declaration_checks"),
    ("scoring", "estimators", "reference", "training_checks"),
    ("declaration",),
    ("adapters", "demo"),
    ("steps", "run", "report", "tracking", "early_checks"),
    ("command_text",),
    ("answer", "earlier_answer", "earlier_run"),
    ("diagnosis",),
    ("checklist_budget",),
    ("whole_checklist",),
    ("api", "training_api"),
    ("cli", "__main__"),
)
RANK = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}


SHARED = ("trial_checks", "range_test")
"""Folders beside the steps that several of them use."""


def modules():
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        if parts != ("__init__",):  # the public names are handed out lazily from every layer
            yield file, parts


def imported(file):
    """Dotted names below mldiag that a file imports anywhere but for types alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    only_types = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for inner in block.body
        for node in ast.walk(inner)
    }
    for node in ast.walk(tree):
        if node in only_types:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mldiag":
            for alias in node.names:
                yield f"{node.module}.{alias.name}".split(".")[1:]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "mldiag":
                    yield alias.name.split(".")[1:]


def test_every_room_has_its_layer():
    rooms = {parts[0] for _, parts in modules()}
    assert rooms == set(RANK)


def test_nothing_imports_what_stands_above_it():
    upwards = [
        f"{'.'.join(parts)} imports {'.'.join(name)}"
        for file, parts in modules()
        for name in imported(file)
        if name and name[0] in RANK and RANK[name[0]] > RANK[parts[0]]
    ]
    assert upwards == []


def test_rooms_of_one_layer_do_not_import_each_other_in_a_circle():
    arrows = {
        (parts[0], name[0])
        for file, parts in modules()
        for name in imported(file)
        if name and name[0] in RANK and RANK[name[0]] == RANK[parts[0]] and name[0] != parts[0]
    }
    assert {(a, b) for a, b in arrows if (b, a) in arrows} == set()


def test_steps_do_not_import_each_other():
    """But for the check-up, which knows them all."""
    steps = {p.name for p in (ROOT / "steps").iterdir() if p.is_dir() and p.name not in SHARED}
    crossing = [
        f"{'.'.join(parts)} imports {'.'.join(name)}"
        for file, parts in modules()
        if parts[0] == "steps" and parts[1] in steps - {"checkup"}
        for name in imported(file)
        if name[0] == "steps" and len(name) > 1 and name[1] in steps - {parts[1]}
    ]
    assert crossing == []


def test_no_file_is_long():
    long = {
        str(file.relative_to(ROOT)): count
        for file, _ in modules()
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert long == {}
