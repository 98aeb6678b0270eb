"""Texts, names and reports as somebody would write them who wants more than to be read."""

from __future__ import annotations

from hypothesis import strategies as st

from mldiag.findings import Action, Finding, Interval, Report, Table, TrialCounts

MARKUP = (
    "<script>alert(1)</script>",
    "</title></style></script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "'\" onmouseover='alert(1)' style=\"x\"",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "&lt;script&gt;",
    "{{ 7 * 7 }}{% for a in b %}{{ self.__init__.__globals__ }}",
    "{0.__class__.__mro__} {name} {",
    "<!-- --><base href=//evil.example>",
    "]]><x>",
)
MARKDOWN = (
    "![x](http://evil.example/seen.png)",
    "[here](javascript:alert(1))",
    "\\[here\\](http://evil.example)",
    "`` ` ``[x](http://evil.example)",
    "`\n\n![x](http://evil.example/seen.png)",
    "<http://evil.example>",
    "a | b\n--- | ---",
    "x\n\n# Heading",
)
TERMINAL = (
    "\x1b]0;title\x07",
    "\x1b]52;c;cm0gLXJmIH4K\x07",
    "\x1b[2J\x1b[1;1Hpassed",
    "\x9b31mred",
    "a\rb",
    "a\x08\x08b",
    "\x7f\x00\x0b\x0c",
    "\u202egnp.exe",
    "\u2066\u2069",
    "[bold red]x[/] [link=http://evil.example]y[/link] :smile:",
)
SHELL = (
    "$(touch owned)",
    "`touch owned`",
    "; touch owned;",
    "a'b\"c",
    "-rf",
    "--help",
    "a\nb",
    "~/x",
    "*",
)
PATHS = (
    "..", "../../owned", "/tmp/owned", "a/../../owned", "C:\\owned", "..\\owned", "nul", "a\x00b", "a\nb",
    "x" * 300, ".", "", "~root", "file:///etc/passwd",
)  # fmt: skip
FORMULAS = (
    "=1+1",
    '=cmd|" /C calc"!A0',
    "+1",
    "-1+1",
    "@SUM(A1)",
    '=HYPERLINK("http://evil.example")',
)
MATHS = ("$\\frac{$", "$x$ $", "\\$\\undefined{$", "$$", "_hidden")

ALL = (*MARKUP, *MARKDOWN, *TERMINAL, *SHELL, *PATHS, *FORMULAS, *MATHS)


def texts() -> st.SearchStrategy[str]:
    """Texts that attack one way out or another, alone, in pairs, and any text at all."""
    known = st.sampled_from(ALL)
    pairs = st.tuples(known, known).map("".join)
    return st.one_of(known, pairs, st.text(max_size=40))


def report_of(text: str, **changes: object) -> Report:
    """A report that holds one text wherever a report holds text."""
    tune = Action("tune", text, param=text, value=text, gain=Interval(0.1, 0.0, 0.2), cost=text)
    findings = (
        Finding(
            text,
            text,
            "problem",
            text,
            text,
            {text: text, "param": [text, {text: text}]},
            tune,
            text,
        ),
        Finding(
            "MD999", text, "passed", text, text, caused_by=text, command=f"mldiag sweep {text}"
        ),
    )
    result = {
        "stopped_by": text, "changed_since_last": [text], "since_last": {"action": text, "text": text},
        "steps": [{"name": text, "status": text, "why": text, "headline": text}],
        "ranked": [{"text": text, "step": text, "code": text, "kind": "tune", "basis": text, "note": text}],
        "baseline": {"score": 0.5, "sd": 0.1, "n": text},
        "history": [{"action": text, "started": text, "text": text, "predicted": None}],
    }  # fmt: skip
    parts: dict[str, object] = {
        "step": "sweep", "experiment": text,
        "metric": {"name": text.strip() or "score", "direction": "maximize"},
        "outcome": "problem", "headline": text, "findings": findings, "result": result,
        "trials": TrialCounts(1, 1, 0, 0), "cost_seconds": 1.0,
        "mlflow": {"url": text, "tracking_uri": text, "run_id": text}, "figures": (f"{text}.png",),
        "notices": (text,), "tables": (Table(text, (text, "b"), ((text, text), ("=1+1", "2"))),),
        "next_command": text,
    }  # fmt: skip
    return Report(**(parts | changes))  # type: ignore[arg-type]


def checkup_of(text: str) -> Report:
    """A check-up whose steps hold the text too."""
    return report_of(text, step="checkup", steps=(report_of(text), report_of(text, step=text)))
