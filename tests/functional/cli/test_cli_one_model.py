"""`--model NAME`: one model of an environment is planned and deployed, the others are neither read nor touched."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.functional.cli.conftest import Shell

pytestmark = pytest.mark.slow


def add_model(shell: Shell, name: str) -> None:
    """A second model like the first, packaged and pinned."""
    folder = shutil.copytree(shell.project / "models" / "tumor", shell.project / "models" / name)
    spec = folder / "model.yaml"
    spec.write_text(spec.read_text("utf-8").replace("name: tumor\n", f"name: {name}\n"), "utf-8")
    environment = shell.project / "environments" / "dev.yaml"
    text = environment.read_text("utf-8")
    digest = str(shell.json("package", str(folder))["digest"])
    environment.write_text(text.replace("releases:\n", f"releases:\n  {name}: {digest}\n"), "utf-8")


def touched(answer: Any) -> set[str]:
    return {step["urn"].split("::")[3] for step in answer["steps"] if step["op"] not in {"same", "refresh"}}


def test_one_model_is_deployed_and_the_other_is_left_as_it_is(greenroom_project: Shell) -> None:
    shell = greenroom_project
    add_model(shell, "other")
    refused = shell.run("sandbox", "preview", "dev", "--model", "tumro")
    assert (refused.exit_code, "other, tumor" in refused.output) == (2, True)

    shell.ok("sandbox", "up", "dev")
    for name in ("tumor", "other"):
        spec = shell.project / "models" / name / "model.yaml"
        spec.write_text(spec.read_text("utf-8").replace("threshold: 250", "threshold: 300"), "utf-8")
    both = touched(shell.json("sandbox", "preview", "dev"))
    planned = touched(shell.json("sandbox", "preview", "dev", "--model", "other"))
    assert planned == {name for name in both if "-other-" in name}
    assert touched(shell.json("sandbox", "up", "dev", "--model", "other")) == planned
    assert touched(shell.json("sandbox", "preview", "dev")) == both - planned
