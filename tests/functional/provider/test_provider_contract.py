"""What every resource type promises, whatever its API looks like: one body for all.

It is made, read, planned again, imported, changed, replaced, deleted and deleted again.
"""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from greenroom.sandbox.provider.types import resource_types
from greenroom.sandbox.provider.values import same
from tests.functional.provider.aws_samples import SAMPLES, Sample, sample_ids
from tests.functional.provider.aws_stage import AwsStage, Made

pytestmark = pytest.mark.slow

ALIAS = "aws:kms/alias:Alias"
REPLACING = {PropertyDiffKind.UPDATE_REPLACE, PropertyDiffKind.ADD_REPLACE, PropertyDiffKind.DELETE_REPLACE}
every_type = pytest.mark.parametrize("sample", SAMPLES, ids=sample_ids())


def holds(outputs: Any, inputs: Any) -> bool:
    """Whether outputs hold all inputs; AWS adds defaults to them."""
    if isinstance(inputs, dict):
        return all(key in outputs and holds(outputs[key], value) for key, value in inputs.items())
    if isinstance(inputs, list):
        return len(outputs) == len(inputs) and all(map(holds, outputs, inputs))
    return bool(outputs == inputs)


def standing(stage: AwsStage, sample: Sample) -> Made:
    for token, inputs in sample.needs:
        stage.create(token, inputs)
    return stage.create(sample.token, sample.inputs)


def test_every_type_has_a_sample() -> None:
    assert {sample.token for sample in SAMPLES} | {ALIAS} == set(resource_types())


@every_type
def test_what_is_made_reads_back_as_the_inputs_that_made_it_and_the_same_again_changes_nothing(
    stage: AwsStage, sample: Sample
) -> None:
    made = standing(stage, sample)
    found = stage.read(made)
    assert found is not None
    assert holds(made.outputs, dict(sample.inputs))
    assert found.inputs == made.inputs == dict(sample.inputs)
    assert found.outputs == made.outputs
    assert tuple(made.outputs.get("__unread", ())) == sample.unread
    if sample.resource_id is not None:
        assert made.resource_id == sample.resource_id
    again = stage.diff(made, sample.inputs)
    assert (again.changes, again.diffs, again.replaces, again.detailed_diff) == (False, [], [], {})
    imported = stage.import_(sample.token, sample.import_id or made.resource_id)
    assert imported is not None
    assert imported.resource_id == made.resource_id
    told = {key for key in sample.inputs if not any(path.startswith(key) for path in sample.unread)}
    assert same({key: imported.outputs[key] for key in told}, {key: made.outputs[key] for key in told})


@every_type
def test_what_can_change_in_place_does(stage: AwsStage, sample: Sample) -> None:
    made = standing(stage, sample)
    inputs = dict(sample.inputs)
    for name, value in sample.updates.items():
        inputs[name] = value
        planned = stage.diff(made, inputs)
        assert (planned.changes, planned.diffs, planned.replaces) == (True, [name], [])
        made = stage.update(made, inputs)
        found = stage.read(made)
        assert found is not None
        assert found.inputs == inputs
        assert stage.diff(found, inputs).changes is False


@every_type
def test_what_cannot_change_in_place_replaces_and_what_is_deleted_is_gone(stage: AwsStage, sample: Sample) -> None:
    made = standing(stage, sample)
    for name, value in sample.replaces.items():
        planned = stage.diff(made, {**sample.inputs, name: value})
        assert planned.replaces == [name]
        assert {change.kind for change in planned.detailed_diff.values()} <= REPLACING
    stage.delete(made)
    if not sample.remains:
        assert stage.read(made) is None
    stage.delete(made)


def test_an_alias_names_its_key_and_moves_to_another(stage: AwsStage) -> None:
    keys = [stage.create("aws:kms/key:Key", {"deletionWindowInDays": 7.0}) for _ in range(2)]
    inputs = {"name": "alias/artifacts", "targetKeyId": keys[0].resource_id}
    alias = stage.create(ALIAS, inputs)
    assert (alias.resource_id, alias.outputs["targetKeyArn"]) == ("alias/artifacts", keys[0].outputs["arn"])
    assert stage.diff(alias, inputs).changes is False
    moved = stage.update(alias, {**inputs, "targetKeyId": keys[1].resource_id})
    assert moved.outputs["targetKeyArn"] == keys[1].outputs["arn"]
    assert stage.diff(moved, {**inputs, "name": "alias/other"}).replaces == ["targetKeyId", "name"][1:]
    stage.delete(moved)
    assert stage.read(moved) is None
    stage.delete(moved)
