"""SDKs that are imported as they are used are the SDKs that Python imports whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom.sandbox import sdk_imports

DESCRIBE = """
import inspect, json, pickle, sys, warnings
warnings.simplefilter("ignore")
if sys.argv[1] == "lazy":
    from greenroom.sandbox import sdk_imports
    assert sdk_imports.install() and sdk_imports.install()
import pulumi
from pulumi import _types
import importlib
told = {}
for package in sys.argv[2:]:
    module = importlib.import_module(package)
    if sys.argv[1] == "lazy":
        before = len([name for name in sys.modules if name.startswith(package + ".")])
    else:
        before = 0
    names = sorted(name for name in dir(module) if not name.startswith("_"))
    seen = {}
    for name in names:
        value = getattr(module, name)
        if not inspect.isclass(value):
            seen[name] = f"{type(value).__name__} {getattr(value, '__name__', '')} {getattr(value, '__module__', '')}"
            continue
        described = [value.__module__, [base.__name__ for base in value.__mro__], pickle.loads(pickle.dumps(value)) is value]
        if _types.is_input_type(value):
            described += [repr(_types.input_type_types(value)), repr(_types.input_type_py_to_pulumi_names(value))]
        elif issubclass(value, pulumi.Resource):
            described += [repr(_types.resource_types(value)), repr(_types.resource_pulumi_to_py_names(value))]
        seen[name] = described
    star = {}
    exec(f"from {package} import *", star)
    told[package] = [seen, sorted(name for name in star if not name.startswith("_"))]
    if sys.argv[1] == "lazy":
        assert before < 12, before
print(json.dumps(told))
"""


def described(how: str, cache: Path, *packages: str) -> dict[str, object]:
    """What a process of its own sees of packages."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", DESCRIBE, how, *packages], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_classes_names_types_and_stars_are_those_of_whole_imports(tmp_path: Path) -> None:
    packages = ("pulumi_aws.sagemaker", "pulumi_aws.sns", "pulumi_aws.appautoscaling", "pulumi_aws_native.sagemaker")
    whole = described("whole", tmp_path, *packages)
    assert described("lazy", tmp_path, *packages) == whole
    assert described("lazy", tmp_path, *packages) == whole, "out of the cache as well"


@pytest.mark.slow
def test_a_damaged_cache_is_written_anew(tmp_path: Path) -> None:
    whole = described("lazy", tmp_path, "pulumi_aws.sns")
    for file in (tmp_path / "greenroom").rglob("*.*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert described("lazy", tmp_path, "pulumi_aws.sns") == whole


def test_only_packages_that_pulumi_generated_are_concerned(tmp_path: Path) -> None:
    finder = sdk_imports.SdkFinder(tmp_path)
    assert finder.find_spec("pulumi.runtime.rpc", None) is None
    assert finder.find_spec("json.decoder", None) is None
    assert finder.find_spec("pulumi_aws", None) is None


def test_the_switch_and_a_folder_that_cannot_be_made_leave_imports_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(sys.meta_path)
    file = tmp_path / "file"
    file.write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    monkeypatch.setattr(sys, "meta_path", [one for one in before if not isinstance(one, sdk_imports.SdkFinder)])
    assert not sdk_imports.install()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(sdk_imports.SWITCH, "eager")
    assert not sdk_imports.install()
