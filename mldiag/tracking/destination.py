"""Where runs are shown: which store, how it is reached, and how it may be named to a person."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from mldiag.errors import MldiagError
from mldiag.redaction import redacted, without_user

Kind = Literal["sqlite", "database", "server", "file", "other"]

PROBE_SECONDS = 2.0
"""Longest that a server may take to show that it is there."""


@dataclass(frozen=True)
class TrackingSettings:
    """What `--tracking-uri` and `--no-mlflow` said.

    Args:
        uri: A URI or a folder; None for what the environment or the configuration names, else the
            embedded store; False for no tracking.
    """

    uri: str | Literal[False] | None = None


@dataclass(frozen=True)
class Destination:
    """An MLflow store.

    Args:
        uri: Its tracking URI, as MLflow takes it; may hold a password.
        artifact_location: Absolute folder for the artifacts of new experiments; None where the store
            decides.
        embedded: Whether mldiag chose it, beside the experiment.
    """

    uri: str
    artifact_location: str | None = None
    embedded: bool = False

    @property
    def kind(self) -> Kind:
        """How the store is reached.

        Example:
            >>> Destination("http://host:5000").kind, Destination("sqlite:////tmp/mlflow.db").kind
            ('server', 'sqlite')
        """
        scheme = urlsplit(self.uri).scheme
        if self.uri in ("databricks", "databricks-uc", "uc"):
            return "other"
        if scheme.split("+")[0] == "sqlite":
            return "sqlite"
        if scheme.split("+")[0] in ("mysql", "postgresql", "mssql"):
            return "database"
        if scheme in ("http", "https"):
            return "server"
        return "file" if scheme in ("", "file") else "other"

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, or None.

        Example:
            >>> str(Destination("sqlite:////tmp/mlflow.db").database_file)
            '/tmp/mlflow.db'
        """
        if self.kind != "sqlite":
            return None
        path = self.uri.split("://", 1)[1].removeprefix("/").split("?", 1)[0]
        return Path(path) if path and path != ":memory:" else None

    @property
    def shown(self) -> str:
        """The URI without user name and password."""
        return redacted(self.uri)


def resolve_destination(
    settings: TrackingSettings,
    home: Path,
    *,
    config_uri: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Destination | None:
    """Choose the store: the flag, else `MLFLOW_TRACKING_URI`, else the configuration, else embedded.

    Args:
        settings: What the command line or the caller said.
        home: Folder of the experiment; the embedded store lies there.
        config_uri: `tracking_uri` of the `[tool.mldiag]` table; a relative path in it counts from
            `home`.
        environ: The environment; that of the process if None.

    Returns:
        The store, or None where tracking is off.

    Raises:
        MldiagError: If a SQLite file would lie in a folder that no address can name.

    Example:
        >>> resolve_destination(TrackingSettings(), Path("/data"), environ={}).uri
        'sqlite:////data/mlflow.db'
        >>> resolve_destination(TrackingSettings(False), Path("/data")) is None
        True
    """
    if settings.uri is False:
        return None
    environ = os.environ if environ is None else environ
    given = settings.uri or environ.get("MLFLOW_TRACKING_URI")
    if given:
        return _given(given, Path.cwd())
    if config_uri:
        return _given(config_uri, home)
    home = home.resolve()
    _check_addressable(home)
    return Destination(f"sqlite:///{home / 'mlflow.db'}", str(home / "mlartifacts"), embedded=True)


def _check_addressable(folder: Path) -> None:
    """Refuse a folder whose name reads as another one in an address: MLflow would write there."""
    signs = [sign for sign in "?#%" if sign in str(folder)]
    if signs:
        raise MldiagError(
            f"MLflow cannot write to {folder}: {signs[0]} means something else in an address",
            expected="a folder without ?, # and % in its path, or no MLflow",
            hint="--no-mlflow",
        )


def _given(uri: str, folder: Path) -> Destination:
    destination = Destination(uri.strip())
    if destination.database_file is None:
        return destination
    database = (folder / destination.database_file).resolve()
    parts = urlsplit(destination.uri)
    options = f"?{parts.query}" if parts.query else ""
    _check_addressable(database.parent)
    return Destination(
        f"{parts.scheme}:///{database}{options}", str(database.parent / "mlartifacts")
    )


def probe(destination: Destination, *, seconds: float = PROBE_SECONDS) -> str:
    """Ask whether a server is there, within `seconds`.

    Returns:
        An empty text if it answers or need not be asked, else what is wrong with it.

    Example:
        >>> probe(Destination("sqlite:////tmp/mlflow.db"))
        ''
    """
    if destination.kind == "server":
        return _probe_http(destination.uri, seconds)
    if destination.kind == "database":
        return _probe_port(destination.uri, seconds)
    return ""


def _probe_http(uri: str, seconds: float) -> str:
    outcome = [f"no answer within {seconds:g} s"]
    # In a thread, because the time limit of a request starts again with every byte that drips in.
    asking = threading.Thread(target=_ask, args=(uri, seconds, outcome), daemon=True)
    asking.start()
    asking.join(seconds)
    return outcome[-1]


def _ask(uri: str, seconds: float, outcome: list[str]) -> None:
    address = without_user(uri).rstrip("/") + "/health"
    try:
        with urllib.request.urlopen(address, timeout=seconds) as answer:
            answer.read(1)
        outcome.append("")
    except urllib.error.HTTPError as error:
        error.close()
        outcome.append("")  # an answer, if not a kind one: a proxy may hide /health
    except (OSError, ValueError, http.client.HTTPException) as error:
        outcome.append(_reason(error, seconds))


def _probe_port(uri: str, seconds: float) -> str:
    parts = urlsplit(uri)
    ports = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
    if not parts.hostname:
        return ""  # a local socket
    port = parts.port or ports[parts.scheme.split("+")[0]]
    try:
        socket.create_connection((parts.hostname, port), timeout=seconds).close()
    except OSError as error:
        return _reason(error, seconds)
    return ""


def _reason(error: Exception, seconds: float) -> str:
    inner = getattr(error, "reason", error)
    if isinstance(inner, TimeoutError):
        return f"no answer within {seconds:g} s"
    return str(getattr(inner, "strerror", None) or inner)
