"""MLflow, where it is installed: a client of one tracking server, and its errors as ours.

MLflow is an extra and takes seconds to import, so that it is imported here and only when it is needed. It is kept from
telling its makers what it is used for, and from trying an absent server for minutes, unless the environment says
otherwise (https://mlflow.org/docs/latest/community/usage-tracking/,
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html).
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from model_packaging.registry.errors import RegistryError

TRACKING_URI = "MLFLOW_TRACKING_URI"

_UNLESS_SAID_OTHERWISE = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}

_NO_PLACES = ("databricks", "uc")
_HOST = re.compile(r"[A-Za-z0-9.-]+:[0-9]+")
_REASON = re.compile(r"\[Errno -?[0-9]+\] ([^\"')]+)")

_CREDENTIALS = re.compile(r"://[^/@\s]+@")


def tracking_uri(given: str | None) -> str:
    """The tracking server: the one that is given, or `MLFLOW_TRACKING_URI`.

    Raises:
        RegistryError: neither is. MLflow would make a database in the working directory.
    """
    uri = given or os.environ.get(TRACKING_URI)
    if not uri:
        raise RegistryError(
            f"which MLflow is not said; give its tracking server: --tracking-uri http://…, or set {TRACKING_URI}"
        )
    return uri


def connect(uri: str) -> Any:
    """An `MlflowClient` of the tracking server at `uri`, which is its registry too.

    Raises:
        RegistryError: MLflow is not installed, or there can be none at `uri`.
    """
    _check_place(uri)
    for name, value in _UNLESS_SAID_OTHERWISE.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise RegistryError("MLflow is not installed; pip install 'greenroom[mlflow]'") from error
    # It says at length that it waits for a version which is ready at once.
    logging.getLogger("mlflow.store.model_registry.abstract_store").setLevel(logging.WARNING)
    with mlflow_refusals(uri):
        return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _check_place(uri: str) -> None:
    """Refuses a path where nothing lies: MLflow would make a new database or a new folder there, and look into that."""
    parts = urlsplit(uri)
    if parts.scheme == "sqlite":
        path = Path(parts.path.removeprefix("/"))  # sqlite:///relative, sqlite:////absolute
    elif "://" not in uri and not uri.startswith(_NO_PLACES):
        path = Path(uri.removeprefix("file:"))
    else:
        return
    if not path.exists():
        told = f"; a server is http://{uri}" if _HOST.fullmatch(uri) else ""
        raise RegistryError(f"{uri}: there is no MLflow: {path} does not exist{told}")


@contextmanager
def mlflow_refusals(what: str) -> Iterator[None]:
    """Turns what MLflow raises into one error that says what it was about."""
    from mlflow.exceptions import MlflowException
    from requests.exceptions import ConnectionError as NoConnectionError
    from requests.exceptions import RequestException

    try:
        yield
    except (MlflowException, RequestException) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        if any(isinstance(one, NoConnectionError) for one in (error, error.__context__)):
            reason = _REASON.search(first)
            first = f"it cannot be reached{f' ({reason[1]})' if reason else ''}; is it up, and is the address right?"
        raise RegistryError(_CREDENTIALS.sub("://", f"MLflow: {what}: {first}")) from error


def without_credentials(uri: str) -> str:
    """The URI without user and password: what is kept in a release or a registry must not carry them."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def page(uri: str, place: str) -> str | None:
    """A page of MLflow's web interface: `runs/…`, `models/…`; None where the server has none (a database, a folder)."""
    return f"{without_credentials(uri).rstrip('/')}/#/{place}" if uri.startswith(("http://", "https://")) else None
