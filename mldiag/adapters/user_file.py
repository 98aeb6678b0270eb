"""Executing a user's file once, under a name of its own, and telling its errors without our frames."""

from __future__ import annotations

import ast
import hashlib
import re
import shlex
import sys
import traceback
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

from mldiag.errors import MldiagError, UserCodeError, nearest_name

_PREFIX = "mldiag_user_"
_SHOWN_FRAMES = 8

_loading: list[Path] = []


def file_being_loaded() -> Path | None:
    """The user's file that is being executed at this moment, if any.

    A step that is called while it runs was written at the file's top level: every worker that loads the
    file would call it again.
    """
    return _loading[-1] if _loading else None


def loaded_file(path: Path) -> ModuleType:
    """The module of a file, executed once per process and once more where the file has changed.

    Its name is not `__main__`, so that its guarded part stays out, and it follows from the path, so that
    what is pickled in one process is found in another that has loaded the same file.

    Args:
        path: An existing Python file.

    Raises:
        MldiagError: If its syntax is wrong, or a declaration in it is.
        UserCodeError: If it raises.
    """
    path = path.resolve()
    stat = path.stat()
    version = (stat.st_mtime_ns, stat.st_size)
    name = module_name(path)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__mldiag_version__", None) == version:
        return known
    import_folder(path.parent)
    spec = ModuleSpec(name, SourceFileLoader(name, str(path)), origin=str(path))
    spec.has_location = True
    module = module_from_spec(spec)
    sys.modules[name] = module
    _loading.append(path)
    try:
        _execute(module, path)
    except BaseException:
        del sys.modules[name]  # a file that failed half-way is no module
        raise
    finally:
        _loading.pop()
    vars(module)["__mldiag_version__"] = version
    return module


def module_name(path: Path) -> str:
    """The stable private name under which a file is imported.

    Example:
        >>> module_name(Path("/tmp/my experiment.py")).startswith("mldiag_user_my_experiment_")
        True
    """
    digest = hashlib.blake2b(str(path).encode(), digest_size=5).hexdigest()
    return _PREFIX + re.sub(r"\W", "_", path.stem) + "_" + digest


def import_folder(folder: Path) -> None:
    """Let modules beside the user's file be imported, now and inside its functions later."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _execute(module: ModuleType, path: Path) -> None:
    try:
        # compiled from the text on every load: a cached .pyc can be older than an edit in the same second
        code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        exec(code, vars(module))
    except SyntaxError as error:
        raise _syntax_error(error, path) from error
    except MldiagError as error:
        raise _located(error, path) from error
    except SystemExit as error:
        raise MldiagError(
            f"{path.name} ends the program while it is loaded (sys.exit)",
            expected="a file that only declares",
            hint='put that part under `if __name__ == "__main__":`',
        ) from error
    except Exception as error:  # whatever the user's file raises
        raise user_error(error, path, path.name) from error


def user_error(error: BaseException, path: Path, shown: str) -> MldiagError:
    """The user's own traceback, from their file on, as an error of ours."""
    last = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    near = nearest_module(error.name) if isinstance(error, ModuleNotFoundError) else ""
    return UserCodeError(
        f"{shown} raised {last}", expected=user_traceback(error, path), nearest=near
    )


def nearest_module(name: str | None) -> str:
    """The installed module, or the file in the current folder, that a missing one is a misspelling of."""
    from importlib.metadata import packages_distributions

    if not name or "." in name:
        return ""
    beside = {file.stem for file in Path.cwd().glob("*.py")}
    return nearest_name(
        name, {*packages_distributions(), *sys.stdlib_module_names, *beside}, cutoff=0.75
    )


def user_traceback(error: BaseException, path: Path) -> str:
    """The frames from the user's file on, without installed packages below the last one of the user's.

    Args:
        error: The exception.
        path: The user's file.
    """
    frames = traceback.extract_tb(error.__traceback__)
    inside = [i for i, frame in enumerate(frames) if Path(frame.filename) == path]
    kept = list(frames)[inside[0] :] if inside else list(frames)
    own = [i for i, frame in enumerate(kept) if _is_users(frame.filename, path.parent)]
    kept = kept[: own[-1] + 1][-_SHOWN_FRAMES:] if own else kept[-_SHOWN_FRAMES:]
    lines = traceback.format_list(kept) + traceback.format_exception_only(error)
    return "Traceback (most recent call last):\n" + "".join(lines).rstrip()


def _is_users(filename: str, folder: Path) -> bool:
    return Path(filename).is_relative_to(folder) and "site-packages" not in filename


def _syntax_error(error: SyntaxError, path: Path) -> MldiagError:
    shown = "".join(traceback.format_exception_only(error)).rstrip()
    return MldiagError(
        f"{path.name}, line {error.lineno}: {error.msg}",
        expected=f"Python that parses\n{shown}",
        hint=f"python -m py_compile {shlex.quote(str(path))}",
    )


def _located(error: MldiagError, path: Path) -> MldiagError:
    """The same error, with the line of the user's file that led to it, and the parameter declared there."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path and frame.lineno]
    where = f"{path.name}, line {lines[-1]}: " if lines else f"{path.name}: "
    named = _parameter_on(path, lines[-1]) if lines else ""
    what = (
        f"parameter {named!r}: {error.what}"
        if named and repr(named) not in error.what
        else error.what
    )
    return type(error)(
        where + what, expected=error.expected, nearest=error.nearest, hint=error.hint
    )


def _parameter_on(path: Path, line: int) -> str:
    """The parameter whose range a line declares; empty where it is none, or one of several."""
    names = [
        key.value
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
        and isinstance(key.value, str)
        and isinstance(value, ast.Call)
        and getattr(value.func, "attr", getattr(value.func, "id", "")) in _RANGES
        and value.lineno <= line <= (value.end_lineno or line)
    ]
    return names[0] if len(names) == 1 else ""


_RANGES = ("Float", "Int", "Categorical")
