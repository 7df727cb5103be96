"""What hangs on an id that AWS chooses keeps the same promises as every type: made, read, changed, imported, deleted."""

from __future__ import annotations

import pytest

from tests.functional.provider.aws_stage import AwsStage
from tests.functional.provider.hanging import HANGING

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("token", sorted(HANGING))
def test_it_is_made_read_changed_imported_and_deleted(stage: AwsStage, token: str) -> None:
    hanging = HANGING[token](stage)
    inputs = dict(hanging.inputs)
    made = stage.create(token, inputs)
    found = stage.read(made)
    assert found is not None
    assert (found.inputs, found.outputs) == (made.inputs, made.outputs)
    assert {name: made.outputs[name] for name in inputs} == inputs
    assert stage.diff(made, inputs).changes is False
    for name, value in hanging.updates.items():
        planned = stage.diff(made, {**inputs, name: value})
        assert (planned.diffs, planned.replaces) == ([name], [])
        inputs[name] = value
        made = stage.update(made, inputs)
        found = stage.read(made)
        assert found is not None
        assert found.inputs == inputs
        assert stage.diff(found, inputs).changes is False
    for name, value in hanging.replaces.items():
        assert stage.diff(made, {**inputs, name: value}).replaces == [name]
    imported = stage.import_(token, hanging.import_id or made.resource_id)
    assert imported is not None
    assert imported.resource_id == made.resource_id
    assert stage.diff(imported, imported.inputs).changes is False
    stage.delete(made)
    assert hanging.remains or stage.read(made) is None
    stage.delete(made)
