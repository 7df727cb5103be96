"""What needs MLflow says how to get it, where it is not installed, and looks for it only where something is."""

from __future__ import annotations

import sys

import pytest

from model_packaging.registry.errors import RegistryError
from model_packaging.registry.mlflow_client import connect, tracking_uri
from model_packaging.registry.mlflow_source import is_mlflow_uri


def test_without_mlflow_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)  # Python's own way to say that a module cannot be imported
    with pytest.raises(RegistryError, match=r"MLflow is not installed; pip install 'greenroom\[mlflow\]'"):
        connect("http://127.0.0.1:5000")


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("sqlite:////tmp/not/there.db", "there is no MLflow: /tmp/not/there.db does not exist"),
        ("sqlite:///not-there.db", "there is no MLflow: not-there.db does not exist"),
        ("mlruns-not-there", "there is no MLflow: mlruns-not-there does not exist"),
        ("127.0.0.1:5000", "127.0.0.1:5000 does not exist; a server is http://127.0.0.1:5000"),
        ("file:/not/there", "there is no MLflow: /not/there does not exist"),
    ],
)
def test_nothing_is_made_where_no_mlflow_is(uri, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RegistryError) as refused:
        connect(uri)
    assert told in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", ["models:fraud/1", "runs:abc", "Models:/fraud/1", "models:/fraud"])
def test_what_is_meant_for_mlflow_is_no_file(source):
    assert is_mlflow_uri(source)


def test_the_server_is_the_one_that_is_given_then_the_environments(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert tracking_uri("http://127.0.0.1:2") == "http://127.0.0.1:2"
    assert tracking_uri(None) == "http://127.0.0.1:1"
