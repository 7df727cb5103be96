"""What every resource type of both packages promises, whatever its API looks like: one body for all.

A resource is made, read, planned again, imported, changed input by input, changed by someone else input by input,
replaced, deleted and deleted again, and no request of all that has passed by the validator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from greenroom.sandbox.cloud.sagemaker.responses import SageMakerResponse
from greenroom.sandbox.provider.property_types import ListOf, MapOf, Scalar
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.types import resource_type, resource_types
from greenroom.sandbox.provider.values import same
from tests.functional.provider.aws_other_values import with_other_values
from tests.functional.provider.aws_samples import SAMPLES as AWS_SAMPLES
from tests.functional.provider.aws_stage import AwsStage, Made
from tests.functional.provider.conftest import SentRequests
from tests.functional.provider.hanging import HANGING
from tests.functional.provider.native_samples import SAMPLES as NATIVE_SAMPLES
from tests.functional.provider.native_samples_beside import SAMPLES as NATIVE_SAMPLES_BESIDE
from tests.functional.provider.sample import Sample, sample_ids

SAMPLES = tuple(with_other_values((*AWS_SAMPLES, *NATIVE_SAMPLES, *NATIVE_SAMPLES_BESIDE)))
ALIAS = "aws:kms/alias:Alias"
NATIVE_ALIAS = "aws-native:kms:Alias"
REPLACING = {PropertyDiffKind.UPDATE_REPLACE, PropertyDiffKind.ADD_REPLACE, PropertyDiffKind.DELETE_REPLACE}
# What the inner loop has time for; CI runs all.
QUICK = ("aws-native:sagemaker:ModelPackageGroup",)
# Never a property of a resource: where and how long the provider works.
OF_THE_PROVIDER = frozenset({"region", "timeouts"})


def _parameter(sample: Sample, name: str) -> Any:
    marks = [] if sample.token in QUICK and not name.endswith(tuple("23456789")) else [pytest.mark.slow]
    if sample.waits_for and not hasattr(SageMakerResponse, sample.waits_for):
        marks.append(pytest.mark.skip(reason=f"the local AWS does not offer {sample.waits_for} yet"))
    return pytest.param(sample, id=name, marks=marks)


every_sample = pytest.mark.parametrize(
    "sample", [_parameter(sample, name) for sample, name in zip(SAMPLES, sample_ids(SAMPLES), strict=True)]
)
every_type = pytest.mark.parametrize("kind", resource_types().values(), ids=resource_types())


def holds(outputs: Any, inputs: Any) -> bool:
    """Whether outputs hold all inputs; AWS adds defaults to them."""
    if isinstance(inputs, dict):
        return all(key in outputs and holds(outputs[key], value) for key, value in inputs.items())
    if isinstance(inputs, list):
        inputs, outputs = in_no_order(inputs), in_no_order(outputs)
        return len(outputs) == len(inputs) and all(map(holds, outputs, inputs))
    return same(outputs, inputs)


def in_no_order(items: Any) -> Any:
    """Tags sorted: AWS keeps them in no order."""
    tags = isinstance(items, list) and all(isinstance(item, dict) and item.keys() == {"key", "value"} for item in items)
    return sorted(items, key=lambda tag: str(tag["key"])) if tags else items


def standing(stage: AwsStage, sample: Sample) -> Made:
    for token, inputs in sample.needs:
        stage.create(token, inputs)
    return stage.create(sample.token, sample.inputs)


def changed(sample: Sample, change: Mapping[str, Any]) -> dict[str, Any]:
    """The sample's inputs with some of them other; None takes one away."""
    inputs = {**sample.inputs, **change}
    return {name: value for name, value in inputs.items() if value is not None}


def really_changed(sample: Sample, change: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a change that is not as in the sample already."""
    return {name: value for name, value in change.items() if value != sample.inputs.get(name)}


def changes_in_place(sample: Sample) -> list[dict[str, Any]]:
    """All changes that the sample's table has, and the flags that only steer the provider turned round."""
    kind = resource_type(sample.token)
    flags = {
        name: not sample.inputs.get(name, False)
        for name in sorted(kind.steering - kind.replacing - sample.excused.keys())
        if kind.structure.properties[name] == Scalar(bool)
    }
    return [{name: value} for name, value in {**sample.updates, **flags}.items()] + [*map(dict, sample.together)]


def other_value(kind: ResourceType, name: str, value: Any) -> Any:
    """A value that differs, of the kind that the SDK declares; whether AWS would take it is no matter to a diff."""
    match kind.structure.properties[name]:
        case Scalar(python_type=python_type):
            if python_type is bool:
                return value is not True
            return 7.0 if python_type in {int, float} and value != 7.0 else f"{value}-other"
        case ListOf():
            return [*(value or []), {"other": "other"}]
        case MapOf() | _:
            return {**(value or {}), "other": "other"}


def test_every_type_has_a_sample() -> None:
    assert {sample.token for sample in SAMPLES} | {ALIAS, NATIVE_ALIAS} | HANGING.keys() == set(resource_types())


@pytest.mark.slow
@every_type
def test_every_input_that_changes_in_place_has_another_value_or_an_excuse(kind: ResourceType) -> None:
    samples = [sample for sample in SAMPLES if sample.token == kind.token]
    covered = {name for sample in samples for change in changes_in_place(sample) for name in change}
    excused = {name for sample in samples for name in sample.excused}
    in_place = set(kind.structure.properties) - kind.replacing - kind.refused.keys() - OF_THE_PROVIDER
    if kind.token not in {ALIAS, NATIVE_ALIAS, *HANGING}:
        assert in_place - covered - excused == set()
        assert covered & excused == set()


@every_sample
def test_what_is_made_reads_back_as_the_inputs_that_made_it_and_the_same_again_changes_nothing(
    stage: AwsStage, sample: Sample
) -> None:
    made = standing(stage, sample)
    found = stage.read(made)
    assert found is not None
    assert holds(made.outputs, {**sample.inputs, **sample.told})
    assert found.inputs == made.inputs == dict(sample.inputs)
    assert found.outputs == made.outputs
    assert tuple(made.outputs.get("__unread", ())) == sample.unread
    if sample.resource_id is not None:
        assert made.resource_id == sample.resource_id
    again = stage.diff(made, sample.inputs)
    assert (again.changes, again.diffs, again.replaces, again.detailed_diff) == (False, [], [], {})


@every_sample
def test_an_import_tells_the_inputs_and_the_next_up_is_all_same(stage: AwsStage, sample: Sample) -> None:
    made = standing(stage, sample)
    imported = stage.import_(sample.token, sample.import_id or made.resource_id)
    assert imported is not None
    assert imported.resource_id == made.resource_id
    told = {key for key in sample.inputs if not any(path.startswith(key) for path in sample.unread)}
    assert same({key: imported.outputs[key] for key in told}, {key: made.outputs[key] for key in told})
    # What AWS never tells, such as a function's code, an import leaves for the program to give.
    again = (stage.diff_unchecked if sample.unread else stage.diff)(imported, imported.inputs)
    assert (again.changes, again.diffs) == (False, [])
    found = stage.read(imported)
    assert found is not None
    assert found.inputs == imported.inputs


@every_sample
def test_what_can_change_in_place_does(stage: AwsStage, sample: Sample) -> None:
    made = standing(stage, sample)
    for change in changes_in_place(sample):
        inputs, moved = changed(sample, change), really_changed(sample, change)
        planned = stage.diff(made, inputs)
        assert (planned.changes, sorted(planned.diffs), planned.replaces) == (True, sorted(moved), [])
        made = stage.update(made, inputs)
        assert holds(made.outputs, {**inputs, **sample.told})
        found = stage.read(made)
        assert found is not None
        assert found.inputs == inputs
        assert stage.diff(found, inputs).changes is False
        made = stage.update(made, sample.inputs)
        assert stage.diff(made, sample.inputs).changes is False


@every_sample
def test_a_refresh_sees_what_someone_else_changed_and_the_next_up_puts_it_back(stage: AwsStage, sample: Sample) -> None:
    made = standing(stage, sample)
    kind = resource_type(sample.token)
    untold = {path.split(".")[0].split("[")[0] for path in sample.unread} | sample.unseen.keys() | kind.steering
    untold |= kind.shared - sample.inputs.keys()
    for change in (really_changed(sample, change) for change in changes_in_place(sample)):
        if change.keys() & untold:
            continue
        stage.update(made, changed(sample, change))
        found = stage.read(made)
        assert found is not None
        for name, value in change.items():
            told = found.inputs.get(name)
            assert holds(told, value) if value else not told, f"drift of {name} to {value!r} is told as {told!r}"
        assert set(stage.diff(found, sample.inputs).diffs) >= change.keys()
        made = stage.update(found, sample.inputs)
        restored = stage.read(made)
        assert restored is not None
        assert same(restored.inputs, dict(sample.inputs))


@every_sample
def test_what_cannot_change_in_place_replaces_and_what_is_deleted_is_gone(stage: AwsStage, sample: Sample) -> None:
    made, kind = standing(stage, sample), resource_type(sample.token)
    for name, value in sample.replaces.items():
        planned = stage.diff(made, {**sample.inputs, name: value})
        assert planned.replaces == [name]
        assert {change.kind for change in planned.detailed_diff.values()} <= REPLACING
        assert planned.delete_before_replace or sample.token.startswith("aws:")
    for name in sorted(kind.replacing - OF_THE_PROVIDER - kind.refused.keys()):
        planned = stage.diff_unchecked(made, {**sample.inputs, name: other_value(kind, name, sample.inputs.get(name))})
        assert planned.replaces == [name]
    stage.delete(made)
    if not sample.remains:
        assert stage.read(made) is None
    stage.delete(made)


@every_sample
def test_no_request_passes_by_the_validator(stage: AwsStage, sample: Sample, sent_requests: SentRequests) -> None:
    made = standing(stage, sample)
    stage.read(made)
    stage.delete(made)
    assert sent_requests.checked == sent_requests.sent
    assert resource_type(sample.token).create in sent_requests.sent


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_alias_of_aws_native_names_its_key_and_moves_to_another(stage: AwsStage) -> None:
    keys = [stage.create("aws-native:kms:Key", {"pendingWindowInDays": 7.0}) for _ in range(2)]
    inputs = {"aliasName": "alias/artifacts", "targetKeyId": keys[0].resource_id}
    alias = stage.create(NATIVE_ALIAS, inputs)
    assert (alias.resource_id, alias.outputs["targetKeyId"]) == ("alias/artifacts", keys[0].resource_id)
    assert stage.diff(alias, inputs).changes is False
    moved = stage.update(alias, {**inputs, "targetKeyId": keys[1].resource_id})
    drifted = stage.read(alias)
    assert drifted is not None
    assert drifted.inputs["targetKeyId"] == keys[1].resource_id
    assert stage.diff(moved, {**inputs, "aliasName": "alias/other"}).replaces == ["aliasName"]
    stage.delete(moved)
    assert stage.read(moved) is None
    stage.delete(moved)
