"""Monitoring schedules, job definitions, and model package groups."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.functional.cloud.conftest import ACCOUNT

pytestmark = pytest.mark.slow  # a cloud a test

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
SCHEDULE = {
    "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
    "MonitoringJobDefinitionName": "quality",
    "MonitoringType": "DataQuality",
}


def job_definition(aws, name="quality"):
    given = {
        "JobDefinitionName": name,
        "DataQualityAppSpecification": {"ImageUri": "image:1"},
        "DataQualityJobInput": {"EndpointInput": {"EndpointName": "endpoint", "LocalPath": "/opt/ml/input"}},
        "DataQualityJobOutputConfig": {
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": "s3://bucket/out", "LocalPath": "/opt/ml/out", "S3UploadMode": "EndOfJob"}}
            ]
        },
        "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}},
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/monitoring",
    }
    aws.sagemaker.create_data_quality_job_definition(**given)
    return given


@pytest.fixture
def watched(aws):
    """An endpoint, a job definition and a schedule, settled."""
    aws.endpoint()
    job_definition(aws)
    create(aws)
    aws.time.advance(1)
    return aws


def create(aws, **more):
    config = {"MonitoringScheduleName": "hourly", "MonitoringScheduleConfig": SCHEDULE}
    return aws.sagemaker.create_monitoring_schedule(**(config | more))


def describe(aws):
    answer = aws.sagemaker.describe_monitoring_schedule(MonitoringScheduleName="hourly")
    del answer["ResponseMetadata"]
    return answer


def refusal(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_schedule_is_pending_and_then_scheduled(aws):
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeMonitoringSchedule.html
    aws.endpoint()
    job_definition(aws)
    create(aws)
    assert describe(aws)["MonitoringScheduleStatus"] == "Pending"
    aws.time.advance(1)
    kept = describe(aws)
    times = {kept.pop("CreationTime"), kept.pop("LastModifiedTime")}
    assert len(times) == 1
    assert kept == {
        "MonitoringScheduleArn": f"{ARN}:monitoring-schedule/hourly",
        "MonitoringScheduleName": "hourly",
        "MonitoringScheduleStatus": "Scheduled",
        "MonitoringType": "DataQuality",
        "MonitoringScheduleConfig": SCHEDULE,
        "EndpointName": "endpoint",
    }


def test_a_schedule_is_stopped_started_updated_and_deleted(watched):
    sagemaker = watched.sagemaker
    states = []
    for change in (sagemaker.stop_monitoring_schedule, sagemaker.start_monitoring_schedule):
        change(MonitoringScheduleName="hourly")
        states.append(describe(watched)["MonitoringScheduleStatus"])
        watched.time.advance(1)
        states.append(describe(watched)["MonitoringScheduleStatus"])
    assert states == ["Pending", "Stopped", "Pending", "Scheduled"]
    job_definition(watched, "quality-2")
    sagemaker.update_monitoring_schedule(
        MonitoringScheduleName="hourly",
        MonitoringScheduleConfig=SCHEDULE | {"MonitoringJobDefinitionName": "quality-2"},
    )
    watched.time.advance(1)
    assert describe(watched)["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"] == "quality-2"
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName="hourly")
    assert refusal(sagemaker.describe_monitoring_schedule, MonitoringScheduleName="hourly") == (
        "ResourceNotFound",
        f"Could not find Monitoring Schedule: {ARN}:monitoring-schedule/hourly",
    )


def test_trap_26_a_pending_schedule_cannot_be_deleted(watched):
    # aws/amazon-sagemaker-examples#2342
    watched.sagemaker.stop_monitoring_schedule(MonitoringScheduleName="hourly")
    delete = watched.sagemaker.delete_monitoring_schedule
    assert refusal(delete, MonitoringScheduleName="hourly") == (
        "ValidationException",
        "Monitoring schedule in status Pending",
    )
    watched.time.advance(1)
    delete(MonitoringScheduleName="hourly")


def test_a_schedule_needs_its_job_definition_and_its_endpoint(aws):
    # aws/sagemaker-python-sdk#4873
    assert refusal(create, aws=aws)[0] == "ResourceNotFound"
    job_definition(aws)
    assert refusal(create, aws=aws) == ("ValidationException", f'Could not find endpoint "{ARN}:endpoint/endpoint".')
    aws.endpoint()
    create(aws)
    assert refusal(create, aws=aws)[0] == "ResourceInUse"


def test_schedules_are_listed_and_have_run_nothing(watched):
    def names(**filters):
        found = watched.sagemaker.list_monitoring_schedules(**filters)["MonitoringScheduleSummaries"]
        return [one["MonitoringScheduleName"] for one in found]

    assert names() == names(EndpointName="endpoint", StatusEquals="Scheduled") == ["hourly"]
    assert names(EndpointName="other") == names(NameContains="x") == names(StatusEquals="Pending") == []
    assert watched.sagemaker.list_monitoring_executions()["MonitoringExecutionSummaries"] == []


def test_a_schedule_has_tags(watched):
    arn = f"{ARN}:monitoring-schedule/hourly"
    watched.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert watched.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_a_job_definition_says_what_it_was_given_and_its_name_is_taken(aws):
    given = job_definition(aws)
    kept = aws.sagemaker.describe_data_quality_job_definition(JobDefinitionName="quality")
    assert {name: kept[name] for name in given} == given
    assert set(kept) - set(given) == {"JobDefinitionArn", "CreationTime", "ResponseMetadata"}
    assert refusal(job_definition, aws=aws) == ("ResourceInUse", "Job definition quality already exists.")
    (summary,) = aws.sagemaker.list_data_quality_job_definitions()["JobDefinitionSummaries"]
    assert (summary["MonitoringJobDefinitionName"], summary["EndpointName"]) == ("quality", "endpoint")


def test_a_model_package_group_has_a_policy_and_goes_when_it_is_empty(aws):
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackageGroup.html
    sagemaker, name = aws.sagemaker, {"ModelPackageGroupName": "tumor"}
    sagemaker.create_model_package_group(**name)
    assert refusal(sagemaker.create_model_package_group, **name)[0] == "ValidationException"
    assert refusal(sagemaker.get_model_package_group_policy, **name)[0] == "ValidationException"
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    sagemaker.put_model_package_group_policy(**name, ResourcePolicy=policy)
    assert sagemaker.get_model_package_group_policy(**name)["ResourcePolicy"] == policy
    sagemaker.delete_model_package_group_policy(**name)
    assert refusal(sagemaker.delete_model_package_group_policy, **name)[0] == "ValidationException"
    arn = sagemaker.create_model_package(**name)["ModelPackageArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    assert refusal(sagemaker.delete_model_package_group, **name)[0] == "ConflictException"
    sagemaker.delete_model_package(ModelPackageName=arn)
    assert sagemaker.list_model_packages(**name)["ModelPackageSummaryList"] == []
    sagemaker.delete_model_package_group(**name)
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
