"""Whose code a module is: the user's own, or a distribution's with a version."""

from __future__ import annotations

import importlib.util
import site
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

# Import names that differ from their distribution's; each is checked against what is installed.
_KNOWN_NAMES = {
    "PIL": "pillow", "bs4": "beautifulsoup4", "cv2": "opencv-python", "dateutil": "python-dateutil",
    "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "PyYAML",
}  # fmt: skip

_MLDIAG = Path(__file__).resolve().parents[1]
_EXAMPLES = _MLDIAG / "demo"  # shipped with mldiag, but a user's code in every other way


@cache
def is_local_file(file: str | None) -> bool:
    """Whether a source file is the user's: outside the standard library, the installed packages and mldiag.

    Code without a file (`<stdin>`, a notebook's cell, `exec`) is the user's; frozen modules are not.

    Example:
        >>> import json
        >>> is_local_file(json.__file__), is_local_file("<stdin>"), is_local_file("<frozen os>")
        (False, True, False)
    """
    if not file or file.startswith("<frozen"):
        return False
    if file.startswith("<"):
        return True
    path = Path(file).resolve()
    if path.is_relative_to(_MLDIAG) and not path.is_relative_to(_EXAMPLES):
        return False
    if path.is_relative_to(_EXAMPLES):
        return True
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    return not any(path.is_relative_to(folder) for folder in _installed_folders())


def is_local_module(module: str | None) -> bool:
    """Whether a module is the user's own; one that nobody can find was made by `exec`, and is.

    Example:
        >>> is_local_module("numpy.linalg"), is_local_module("json"), is_local_module("__main__")
        (False, False, True)
    """
    root = (module or "").partition(".")[0]
    if not module or root == "__main__":
        return True
    if is_standard(root):
        return False
    file = _file_of(module)
    return True if file is None else is_local_file(file)


def is_standard(module: str) -> bool:
    """Whether a module belongs to Python itself.

    Example:
        >>> is_standard("functools"), is_standard("numpy")
        (True, False)
    """
    root = module.partition(".")[0]
    return root in sys.stdlib_module_names or root == "builtins"


def extension_file(module: str | None) -> Path | None:
    """The file of a compiled module, None for any other.

    Example:
        >>> extension_file("json") is None
        True
    """
    file = _file_of(module) if module else None
    return Path(file) if file and file.endswith(tuple(EXTENSION_SUFFIXES)) else None


def versions_of(module: str | None) -> Mapping[str, str]:
    """Name and version of the distributions that provide a module; none for the standard library.

    Example:
        >>> list(versions_of("sklearn.svm")), versions_of("json")
        (['scikit-learn'], {})
    """
    root = (module or "").partition(".")[0]
    if is_standard(root) or root in ("", "__main__", "mldiag"):
        return {}
    return _versions(root)


@cache
def _versions(root: str) -> Mapping[str, str]:
    for name in (_KNOWN_NAMES.get(root, root), root):
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if _provides(found, root):
            return {found.metadata["Name"]: found.version}
    # Reading every installed distribution can take seconds, so it comes last.
    names = sorted(set(metadata.packages_distributions().get(root, ())))
    if names:
        return {name: metadata.version(name) for name in names}
    version = getattr(sys.modules.get(root), "__version__", "unknown version")
    return {root: str(version)}


def _provides(distribution: metadata.Distribution, root: str) -> bool:
    listed = (distribution.read_text("top_level.txt") or "").split()
    if root in listed:
        return True
    places = (root, f"{root}.py")
    return any(Path(str(distribution.locate_file(place))).exists() for place in places)


def _file_of(module: str) -> str | None:
    loaded = sys.modules.get(module)
    if isinstance(loaded, ModuleType) and getattr(loaded, "__file__", None):
        return loaded.__file__
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, AttributeError, ValueError):
        return None
    if spec is None:
        return None
    if spec.origin and spec.has_location:
        return spec.origin
    places = list(
        spec.submodule_search_locations or ()
    )  # a namespace package has no file of its own
    return str(Path(places[0]) / "__init__.py") if places else None


@cache
def _installed_folders() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {site.getusersitepackages(), *getattr(site, "getsitepackages", list)()}
    return tuple(Path(folder).resolve() for folder in folders)
