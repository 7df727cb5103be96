"""`import greenroom` costs nothing, and gives what other projects use."""

import json
import subprocess
import sys

import greenroom

HEAVY = ("boto3", "components", "greenroom.sandbox.engine", "model_packaging", "pulumi", "pydantic")


def test_importing_the_facade_imports_nothing_heavy() -> None:
    code = "import json, sys, greenroom, greenroom.sandbox, greenroom.cli; print(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert set(json.loads(ended.stdout)) & set(HEAVY) == set()


def test_every_public_name_is_there_and_documented() -> None:
    assert dir(greenroom) == sorted(greenroom.__all__)
    for name in greenroom.__all__:
        assert getattr(greenroom, name).__doc__, name


def test_a_name_that_is_not_public_is_refused_as_python_does() -> None:
    assert not hasattr(greenroom, "no_such_name")
    assert not hasattr(greenroom.sandbox, "no_such_name")
