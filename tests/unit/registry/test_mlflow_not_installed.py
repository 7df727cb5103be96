"""Without the extra, what needs MLflow says how to get it."""

from __future__ import annotations

import sys

import pytest

from model_packaging.registry.errors import RegistryError
from model_packaging.registry.mlflow_client import connect, tracking_uri


def test_without_mlflow_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)  # Python's own way to say that a module cannot be imported
    with pytest.raises(RegistryError, match=r"MLflow is not installed; pip install 'greenroom\[mlflow\]'"):
        connect("http://127.0.0.1:5000")


def test_the_server_is_the_one_that_is_given_then_the_environments(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert tracking_uri("http://127.0.0.1:2") == "http://127.0.0.1:2"
    assert tracking_uri(None) == "http://127.0.0.1:1"
