"""A published release is one version of its model's package group, waits for approval, and is found by its digest."""

from __future__ import annotations

import pytest

from greenroom.sandbox.provider.validator import ServiceModelValidator
from model_packaging import publish
from model_packaging.registry import sagemaker
from model_packaging.registry.errors import RegistryError
from tests.unit.manifests import IMAGE
from tests.unit.registry.stored_releases import BASELINE, FILES, store_in, stored

pytestmark = pytest.mark.slow  # a cloud

BUCKET = "artifacts"


@pytest.fixture
def store(tmp_path):
    return store_in(tmp_path)


def published(aws, store, name, files=FILES, **changed):
    release = stored(store, files, name=name, **changed)
    publish(release, store, aws.client("s3"), BUCKET)
    return release


def register(aws, release, **more):
    return sagemaker.register(release, aws.sagemaker, aws.client("s3"), BUCKET, **more)


def test_a_release_becomes_a_version_that_waits_for_approval(registry_aws, store):
    release = published(registry_aws, store, "whole", FILES | BASELINE, git_commit="a" * 40)
    package = register(registry_aws, release, instance_types=("ml.m5.large", "ml.m5.large"), links={"team": "risk"})
    assert (package.group, package.version, package.status, package.created) == (
        "whole",
        1,
        "PendingManualApproval",
        True,
    )
    told = registry_aws.sagemaker.describe_model_package(ModelPackageName=package.arn)
    uri = f"s3://artifacts/{release.s3_prefix}"
    assert told["InferenceSpecification"] == {
        "Containers": [
            {
                "Image": IMAGE,
                "ModelDataSource": {
                    "S3DataSource": {"S3Uri": f"{uri}model/", "S3DataType": "S3Prefix", "CompressionType": "None"}
                },
                "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
                "Framework": "SKLEARN",
                "FrameworkVersion": "1.4-2",
            }
        ],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
    }
    digests = {file.path: f"sha256:{file.sha256}" for file in release.files}
    baseline = {
        member: {
            "ContentType": "application/json",
            "ContentDigest": digests[f"baseline/{file}"],
            "S3Uri": f"{uri}baseline/{file}",
        }
        for member, file in (("Statistics", "statistics.json"), ("Constraints", "constraints.json"))
    }
    assert told["DriftCheckBaselines"] == {"ModelDataQuality": baseline}
    assert told["ModelMetrics"]["ModelDataQuality"] == baseline
    assert told["CustomerMetadataProperties"] == {
        "greenroom.digest": release.digest,
        "greenroom.version": "1.0.0",
        "greenroom.s3_uri": uri,
        "greenroom.framework": "sklearn 1.5",
        "git.commit": "a" * 40,
        "team": "risk",
        "metric.roc_auc": "0.9",
        "metric.log_loss": "0.25",
    }
    assert told["MetadataProperties"]["CommitId"] == "a" * 40


def test_what_studio_shows_lies_where_the_package_says(registry_aws, store):
    release = published(registry_aws, store, "shown")
    package = register(registry_aws, release)
    told = registry_aws.sagemaker.describe_model_package(ModelPackageName=package.arn)
    source = told["ModelMetrics"]["ModelQuality"]["Statistics"]
    key = source["S3Uri"].removeprefix("s3://artifacts/")
    body = registry_aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert b'"binary_classification_metrics"' in body
    assert key == f"{release.s3_prefix}registry/model_quality_statistics.json"


def test_each_baseline_is_where_its_monitor_looks_for_it(registry_aws, store):
    baselines = {
        f"baseline/{path}": path.encode()
        for path in (
            "model_quality/statistics.json",
            "model_quality/constraints.json",
            "bias/analysis.json",
            "bias/analysis_config.json",
            "explainability/analysis_config.json",
        )
    }
    release = published(registry_aws, store, "monitored", FILES | BASELINE | baselines)
    package = register(registry_aws, release)
    told = registry_aws.sagemaker.describe_model_package(ModelPackageName=package.arn)
    prefix = f"s3://artifacts/{release.s3_prefix}baseline/"

    def places(member):
        return {
            f"{kind}.{name}": source["S3Uri"].removeprefix(prefix)
            for kind, sources in told[member].items()
            for name, source in sources.items()
        }

    data_quality = {
        "ModelDataQuality.Statistics": "statistics.json",
        "ModelDataQuality.Constraints": "constraints.json",
        "ModelQuality.Statistics": "model_quality/statistics.json",
        "ModelQuality.Constraints": "model_quality/constraints.json",
    }
    assert places("ModelMetrics") == {**data_quality, "Bias.Report": "bias/analysis.json"}
    assert places("DriftCheckBaselines") == {
        **data_quality,
        "Bias.ConfigFile": "bias/analysis_config.json",
        "Bias.PostTrainingConstraints": "bias/analysis.json",
        "Explainability.ConfigFile": "explainability/analysis_config.json",
    }


def test_the_same_release_is_registered_once(registry_aws, store):
    release = published(registry_aws, store, "once")
    other = published(registry_aws, store, "once", metrics={"roc_auc": 0.91})
    first, second, again = (register(registry_aws, one) for one in (release, other, release))
    assert (first.version, second.version, again.version) == (1, 2, 1)
    assert (first.created, second.created, again.created) == (True, True, False)
    assert again.arn == first.arn


def test_a_release_that_is_not_published_is_not_registered(registry_aws, store):
    release = stored(store, name="unsent")
    with pytest.raises(RegistryError, match=r"does not hold the release.*greenroom release publish unsent@"):
        register(registry_aws, release)


def test_an_approval_changes_the_status_and_may_be_taken_back(registry_aws, store):
    release = published(registry_aws, store, "approved")
    register(registry_aws, release)
    approved = sagemaker.approve(registry_aws.sagemaker, release, comment="the gates passed")
    told = registry_aws.sagemaker.describe_model_package(ModelPackageName=approved.arn)
    assert (approved.status, told["ApprovalDescription"]) == ("Approved", "the gates passed")
    assert sagemaker.approve(registry_aws.sagemaker, release, status="Rejected").status == "Rejected"


def test_what_was_not_registered_cannot_be_approved(registry_aws, store):
    release = stored(store, name="unknown")
    with pytest.raises(RegistryError, match=r"has no package of unknown sha256:.* --register"):
        sagemaker.approve(registry_aws.sagemaker, release)
    with pytest.raises(RegistryError, match="'Fine' is no approval status; allowed: Approved, Rejected, Pending"):
        sagemaker.approve(registry_aws.sagemaker, release, status="Fine")


def test_links_are_added_to_a_package_and_what_is_there_stays(registry_aws, store):
    package = register(registry_aws, published(registry_aws, store, "linked"))
    linked = sagemaker.add_links(registry_aws.sagemaker, package, {"mlflow.model_version": "models:/linked/1"})
    assert linked.metadata == {**package.metadata, "mlflow.model_version": "models:/linked/1"}
    assert sagemaker.add_links(registry_aws.sagemaker, linked, {"mlflow.model_version": "models:/linked/1"}) is linked


def test_a_registry_that_cannot_be_reached_is_one_error(registry_aws, store):
    import boto3
    from botocore.config import Config

    release = published(registry_aws, store, "away")
    unreachable = boto3.client(
        "sagemaker",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="123456789012",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}),
    )
    with pytest.raises(RegistryError, match="model package group 'away': Could not connect"):
        sagemaker.register(release, unreachable, registry_aws.client("s3"), BUCKET)


def test_every_request_keeps_every_constraint_of_the_api(registry_aws, store):
    """botocore itself checks few of them before it sends."""
    crowded = {f"métrique {number} «{'x' * 300}»": number / 7 for number in range(80)}
    release = published(
        registry_aws,
        store,
        "constraints",
        FILES | BASELINE,
        metrics=crowded,
        git_commit="b" * 40 + "-dirty",
        format="sklearn",
        content_types=("text/csv", "application/json"),
        lineage={
            "data": {"uri": "s3://data/tables?version=1&a=[b]", "version": "2026-11", "sha256": "0" * 64},
            "training_run": {"kind": "mlflow", "id": "run 1", "uri": f"https://mlflow.example.com/#/{'y' * 2000}"},
        },
    )
    requests = []
    client = registry_aws.client("sagemaker")
    client.meta.events.register("provide-client-params.sagemaker.*", lambda params, **_: requests.append(params))
    register(registry_aws, release, instance_types=("ml.m5.large",), links={"a/b?": "c?"})
    sagemaker.approve(client, release, comment="fine")
    created = next(one for one in requests if "InferenceSpecification" in one)
    service = client.meta.service_model
    assert (
        list(ServiceModelValidator().validate(created, service.operation_model("CreateModelPackage").input_shape).found)
        == []
    )
    assert len(created["CustomerMetadataProperties"]) == 46
    assert created["CustomerMetadataProperties"]["a/b_"] == "c_"
    assert max(map(len, created["CustomerMetadataProperties"])) == 128
    updated = next(one for one in requests if "ApprovalDescription" in one)
    assert (
        ServiceModelValidator().validate(updated, service.operation_model("UpdateModelPackage").input_shape).found == []
    )
    groups = next(one for one in requests if "ModelPackageGroupDescription" in one)
    shape = service.operation_model("CreateModelPackageGroup").input_shape
    assert ServiceModelValidator().validate(groups, shape).found == []


class LookedTooEarly:
    """A SageMaker client of whoever looked for a package before anybody had made it."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def get_paginator(self, operation):
        assert operation == "list_model_packages"
        return self

    def paginate(self, **_):
        return [{"ModelPackageSummaryList": []}]


def registered_twice_at_once(aws, release):
    client = LookedTooEarly(aws.sagemaker)
    return [sagemaker.register(release, client, aws.client("s3"), BUCKET).arn for _ in range(2)]


def arns_in(aws, group):
    listed = aws.sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    return [one["ModelPackageArn"] for one in listed]


def test_two_registrations_at_one_moment_share_one_package(registry_aws, store):
    release = published(registry_aws, store, "raced")
    first, second = registered_twice_at_once(registry_aws, release)
    assert first == second
    assert arns_in(registry_aws, "raced") == [first]


def test_a_deleted_package_is_registered_anew_and_once(registry_aws, store):
    release = published(registry_aws, store, "deleted")
    package = register(registry_aws, release)
    for _ in range(2):
        registry_aws.sagemaker.delete_model_package(ModelPackageName=package.arn)
        first, second = registered_twice_at_once(registry_aws, release)
        assert first == second
        assert arns_in(registry_aws, "deleted") == [first]


def test_a_package_is_deleted_to_be_registered_for_other_instances(registry_aws, store):
    release = published(registry_aws, store, "moved")
    other = published(registry_aws, store, "moved", metrics={"roc_auc": 0.91})
    registry_aws.sagemaker.delete_model_package(ModelPackageName=register(registry_aws, release).arn)
    register(registry_aws, other)  # the local AWS gives it the number of the one that is gone
    again = register(registry_aws, release, instance_types=("ml.m5.large",))
    assert (again.created, again.metadata["greenroom.digest"]) == (True, release.digest)
    told = registry_aws.sagemaker.describe_model_package(ModelPackageName=again.arn)
    assert told["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"] == ["ml.m5.large"]
    registry_aws.sagemaker.delete_model_package(ModelPackageName=again.arn)
    assert register(registry_aws, release).metadata["greenroom.digest"] == release.digest
