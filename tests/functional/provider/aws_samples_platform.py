"""Samples of what a deployment stands beside: images, secrets, parameters, pipelines."""

from __future__ import annotations

import json

from tests.functional.provider.sample import ACCOUNT, ROLE_ARN, Sample, policy

REPOSITORY = ("aws:ecr/repository:Repository", {"name": "serving"})
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"


def expire(count: int) -> str:
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": count},
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})


def definition(name: str) -> str:
    return json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": [], "Name": name})


def machine(name: str) -> str:
    return json.dumps({"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}})


SAMPLES = (
    Sample(
        "aws:sagemaker/pipeline:Pipeline",
        {
            "pipelineName": "retrain",
            "pipelineDisplayName": "retrain",
            "pipelineDefinition": definition("one"),
            "pipelineDescription": "trains again",
            "roleArn": ROLE_ARN,
            "parallelismConfiguration": {"maxParallelExecutionSteps": 2.0},
            "tags": {"a": "b"},
        },
        "retrain",
        updates={
            "pipelineDefinition": definition("two"),
            "pipelineDescription": "other",
            "pipelineDisplayName": "other",
            "roleArn": f"{ROLE_ARN}-2",
            "parallelismConfiguration": {"maxParallelExecutionSteps": 3.0},
            "tags": {"a": "c"},
        },
        replaces={"pipelineName": "other"},
        excused={"pipelineDefinitionS3Location": "goes in the place of the definition"},
    ),
    Sample(
        "aws:ecr/repository:Repository",
        {
            "name": "serving",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "AES256"}],
            "tags": {"a": "b"},
        },
        "serving",
        updates={
            "imageTagMutability": "MUTABLE",
            "imageScanningConfiguration": {"scanOnPush": False},
            "tags": {"a": "c"},
        },
        excused={"imageTagMutabilityExclusionFilters": "the local AWS does not keep it"},
    ),
    Sample(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"repository": "serving", "policy": expire(3)},
        "serving",
        needs=(REPOSITORY,),
        replaces={"policy": expire(4)},
    ),
    Sample(
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        {"repository": "serving", "policy": policy("one", {"AWS": ACCOUNT}, action="ecr:BatchGetImage")},
        "serving",
        needs=(REPOSITORY,),
        updates={"policy": policy("two", {"AWS": ACCOUNT}, action="ecr:BatchGetImage")},
    ),
    Sample(
        "aws:secretsmanager/secret:Secret",
        {"name": "token", "description": "of the registry", "recoveryWindowInDays": 7.0, "tags": {"a": "b"}},
        updates={
            "description": "other",
            "kmsKeyId": KEY_ARN,
            "policy": policy("one", {"AWS": ACCOUNT}, action="secretsmanager:GetSecretValue"),
            "recoveryWindowInDays": 0.0,
            "tags": {"a": "c"},
        },
        replaces={"name": "other"},
        unread=("recoveryWindowInDays",),
        unseen={"policy": "another resource may set it"},
    ),
    Sample(
        "aws:ssm/parameter:Parameter",
        {
            "name": "/models/tumor/threshold",
            "type": "String",
            "value": "0.5",
            "description": "of alarm",
            "tier": "Standard",
        },
        "/models/tumor/threshold",
        updates={
            "value": "0.7",
            "description": "other",
            "allowedPattern": "[0-9.]+",
            "tags": {"a": "b"},
        },
        together=(
            {"value": None, "insecureValue": "0.9"},
            {"type": "SecureString", "keyId": KEY_ARN},
            {"tier": "Advanced"},
        ),
        replaces={"name": "/other"},
        unseen={"insecureValue": "is told as the value"},
        excused={"dataType": "AWS checks that an image of another kind is there"},
    ),
    Sample(
        "aws:sfn/stateMachine:StateMachine",
        {"name": "approve", "roleArn": ROLE_ARN, "definition": machine("one"), "tags": {"a": "b"}},
        f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:approve",
        updates={"definition": machine("two"), "roleArn": f"{ROLE_ARN}-2", "tags": {"a": "c"}},
        replaces={"name": "other", "type": "EXPRESS"},
        excused=dict.fromkeys(
            ("encryptionConfiguration", "loggingConfiguration", "publish", "tracingConfiguration"),
            "the local AWS does not tell a change of it",
        ),
    ),
    Sample(
        "aws:scheduler/scheduleGroup:ScheduleGroup",
        {"name": "models", "tags": {"a": "b"}},
        "models",
        updates={"tags": {"a": "c"}},
        replaces={"name": "other"},
    ),
    Sample(
        "aws:scheduler/schedule:Schedule",
        {
            "name": "nightly",
            "groupName": "models",
            "scheduleExpression": "rate(1 days)",
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {"arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:alarms", "roleArn": ROLE_ARN, "input": "{}"},
        },
        "models/nightly",
        needs=(("aws:scheduler/scheduleGroup:ScheduleGroup", {"name": "models"}),),
        updates={
            "scheduleExpression": "rate(2 days)",
            "scheduleExpressionTimezone": "Europe/Zurich",
            "description": "other",
            "state": "DISABLED",
            "flexibleTimeWindow": {"mode": "FLEXIBLE", "maximumWindowInMinutes": 5.0},
            "target": {"arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:other", "roleArn": ROLE_ARN},
        },
        replaces={"name": "other", "groupName": "other"},
        excused=dict.fromkeys(
            ("actionAfterCompletion", "endDate", "kmsKeyArn", "startDate"), "the local AWS does not tell a change of it"
        ),
    ),
)
