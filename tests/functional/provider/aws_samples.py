"""One sample of every resource type, with what it needs, what updates it in place, and what replaces it.

A table that is read from top to bottom beside the types' own; those of the services beside SageMaker's own stand in
`aws_samples_*.py`, and are in this one.
"""

from __future__ import annotations

import json
from typing import Any

from tests.functional.provider import (
    aws_samples_identity,
    aws_samples_lambda,
    aws_samples_messaging,
    aws_samples_operations,
    aws_samples_platform,
    aws_samples_storage,
)
from tests.functional.provider.sample import ACCOUNT, BUCKET, ROLE_ARN, TOPIC_ARN, Sample, policy, trust

__all__ = ["ACCOUNT", "BUCKET", "ROLE_ARN", "TOPIC_ARN", "Sample", "policy", "trust"]

RESOURCE = {
    "resourceId": "endpoint/dev-tumor/variant/main",
    "serviceNamespace": "sagemaker",
    "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
}

MODEL: dict[str, Any] = {
    "name": "tumor-0a1b2c3d4e",
    "executionRoleArn": ROLE_ARN,
    "enableNetworkIsolation": True,
    "primaryContainer": {
        "image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.5-cpu-py311",
        "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        "modelDataSource": {
            "s3DataSources": [
                {
                    "compressionType": "None",
                    "s3DataType": "S3Prefix",
                    "s3Uri": f"s3://{BUCKET}/releases/tumor/ab/model/",
                }
            ]
        },
    },
    "tags": {"team": "oncology"},
}
CONFIG: dict[str, Any] = {
    "name": "tumor-config-0a1b2c3d4e",
    "productionVariants": [
        {
            "variantName": "main",
            "modelName": MODEL["name"],
            "instanceType": "ml.m6i.large",
            "initialInstanceCount": 1.0,
            "initialVariantWeight": 1.0,
            "containerStartupHealthCheckTimeoutInSeconds": 300.0,
        }
    ],
    "dataCaptureConfig": {
        "enableCapture": True,
        "initialSamplingPercentage": 100.0,
        "destinationS3Uri": f"s3://{BUCKET}/capture",
        "captureOptions": [{"captureMode": "Input"}, {"captureMode": "Output"}],
        "captureContentTypeHeader": {"jsonContentTypes": ["application/json"]},
    },
    "tags": {"team": "oncology"},
}
OTHER_CONFIG: dict[str, Any] = {**CONFIG, "name": "tumor-config-ffffffffff"}
ENDPOINT: dict[str, Any] = {
    "endpointName": "dev-tumor",
    "endpointConfigName": CONFIG["name"],
    "retainAllVariantProperties": True,
    "deploymentConfig": {
        "blueGreenUpdatePolicy": {
            "trafficRoutingConfiguration": {
                "type": "CANARY",
                "canarySize": {"type": "CAPACITY_PERCENT", "value": 50.0},
                "waitIntervalInSeconds": 60.0,
            },
            "terminationWaitInSeconds": 60.0,
            "maximumExecutionTimeoutInSeconds": 1800.0,
        },
    },
    "tags": [{"key": "team", "value": "oncology"}],
}
MODEL_TYPE = "aws:sagemaker/model:Model"
CONFIG_TYPE = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
ENDPOINT_TYPE = "aws-native:sagemaker:Endpoint"
BUCKET_TYPE = "aws:s3/bucket:Bucket"
ROLE_TYPE = "aws:iam/role:Role"
TOPIC_TYPE = "aws:sns/topic:Topic"
JOB_TYPE = "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition"
EXECUTION_ROLE = (ROLE_TYPE, {"name": "execution", "assumeRolePolicy": trust("sagemaker.amazonaws.com")})
STANDING_ENDPOINT = (
    (EXECUTION_ROLE),
    (MODEL_TYPE, MODEL),
    (CONFIG_TYPE, CONFIG),
    (CONFIG_TYPE, OTHER_CONFIG),
    (ENDPOINT_TYPE, ENDPOINT),
)
JOB: dict[str, Any] = {
    "name": "tumor-data-quality-0a1b2c3d4e",
    "roleArn": ROLE_ARN,
    "dataQualityAppSpecification": {
        "imageUri": "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
    },
    "dataQualityJobInput": {
        "endpointInput": {
            "endpointName": "dev-tumor",
            "localPath": "/opt/ml/processing/input",
            "s3DataDistributionType": "FullyReplicated",
            "s3InputMode": "File",
        }
    },
    "dataQualityJobOutputConfig": {
        "monitoringOutputs": {
            "s3Output": {
                "localPath": "/opt/ml/processing/output",
                "s3UploadMode": "EndOfJob",
                "s3Uri": f"s3://{BUCKET}/monitoring",
            }
        }
    },
    "jobResources": {"clusterConfig": {"instanceCount": 1.0, "instanceType": "ml.m5.large", "volumeSizeInGb": 20.0}},
    "stoppingCondition": {"maxRuntimeInSeconds": 1800.0},
    "tags": {"team": "oncology"},
}
SCHEDULE: dict[str, Any] = {
    "name": "tumor-data-quality",
    "monitoringScheduleConfig": {
        "monitoringJobDefinitionName": JOB["name"],
        "monitoringType": "DataQuality",
        "scheduleConfig": {"scheduleExpression": "cron(0 * ? * * *)"},
    },
    "tags": {"team": "oncology"},
}
ALARM: dict[str, Any] = {
    "name": "dev-tumor-5xx",
    "alarmDescription": "The model answers with errors.",
    "namespace": "AWS/SageMaker",
    "metricName": "Invocation5XXErrors",
    "dimensions": {"EndpointName": "dev-tumor", "VariantName": "main"},
    "statistic": "Sum",
    "period": 60.0,
    "evaluationPeriods": 5.0,
    "datapointsToAlarm": 3.0,
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 1.5,
    "treatMissingData": "notBreaching",
    "alarmActions": [TOPIC_ARN],
    "tags": {"team": "oncology"},
}
METRIC_MATH_ALARM: dict[str, Any] = {
    "name": "dev-tumor-5xx-rate",
    "evaluationPeriods": 5.0,
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 0.01,
    "metricQueries": [
        {"id": "rate", "expression": "errors / calls", "label": "error rate", "returnData": True},
        {
            "id": "errors",
            "metric": {
                "metricName": "Invocation5XXErrors",
                "namespace": "AWS/SageMaker",
                "period": 60.0,
                "stat": "Sum",
                "dimensions": {"EndpointName": "dev-tumor"},
            },
            "returnData": False,
        },
    ],
}
KEY_POLICY = policy("root", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, action="kms:*")

SAMPLES = (
    Sample(
        MODEL_TYPE,
        MODEL,
        "tumor-0a1b2c3d4e",
        needs=(EXECUTION_ROLE,),
        updates={"tags": {"team": "surgery"}},
        replaces={"executionRoleArn": f"{ROLE_ARN}-2", "name": "tumor-2", "enableNetworkIsolation": False},
    ),
    Sample(
        CONFIG_TYPE,
        CONFIG,
        "tumor-config-0a1b2c3d4e",
        needs=(EXECUTION_ROLE, (MODEL_TYPE, MODEL)),
        updates={"tags": {}},
        replaces={"productionVariants": [{**CONFIG["productionVariants"][0], "instanceType": "ml.c7i.xlarge"}]},
    ),
    Sample(
        ENDPOINT_TYPE,
        ENDPOINT,
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/dev-tumor",
        needs=STANDING_ENDPOINT[:-1],
        updates={
            "endpointConfigName": OTHER_CONFIG["name"],
            "tags": [{"key": "team", "value": "surgery"}],
            "deploymentConfig": {
                "rollingUpdatePolicy": {
                    "maximumBatchSize": {"type": "CAPACITY_PERCENT", "value": 50.0},
                    "waitIntervalInSeconds": 60.0,
                }
            },
        },
        together=(
            {"retainAllVariantProperties": None, "retainDeploymentConfig": True},
            {"excludeRetainedVariantProperties": [{"variantPropertyType": "DataCaptureConfig"}]},
        ),
        replaces={"endpointName": "dev-tumor-2"},
        unread=("deploymentConfig", "retainAllVariantProperties"),
        unseen=dict.fromkeys(
            ("excludeRetainedVariantProperties", "retainDeploymentConfig"), "goes with an update, and is told nowhere"
        ),
    ),
    Sample(
        "aws:sagemaker/endpoint:Endpoint",
        {"name": "dev-plain", "endpointConfigName": CONFIG["name"], "tags": {"team": "oncology"}},
        "dev-plain",
        needs=STANDING_ENDPOINT[:-1],
        updates={"endpointConfigName": OTHER_CONFIG["name"]},
        replaces={"name": "dev-plain-2"},
    ),
    Sample(
        JOB_TYPE,
        JOB,
        "tumor-data-quality-0a1b2c3d4e",
        needs=STANDING_ENDPOINT,
        updates={"tags": {"team": "surgery"}},
        replaces={"stoppingCondition": {"maxRuntimeInSeconds": 900.0}, "roleArn": f"{ROLE_ARN}-2"},
    ),
    Sample(
        "aws:sagemaker/monitoringSchedule:MonitoringSchedule",
        SCHEDULE,
        "tumor-data-quality",
        needs=(*STANDING_ENDPOINT, (JOB_TYPE, JOB)),
        updates={
            "monitoringScheduleConfig": {
                **SCHEDULE["monitoringScheduleConfig"],
                "scheduleConfig": {"scheduleExpression": "cron(0 0 ? * * *)"},
            }
        },
        replaces={"name": "other"},
    ),
    Sample(
        "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
        {"modelPackageGroupName": "tumor", "modelPackageGroupDescription": "tumor", "tags": {"a": "b"}},
        "tumor",
        updates={"tags": {"a": "c"}},
        replaces={"modelPackageGroupDescription": "other"},
    ),
    Sample(
        "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
        {
            "modelPackageGroupName": "tumor",
            "resourcePolicy": policy("one", {"AWS": ACCOUNT}, action="sagemaker:DescribeModelPackage"),
        },
        "tumor",
        needs=(("aws:sagemaker/modelPackageGroup:ModelPackageGroup", {"modelPackageGroupName": "tumor"}),),
        updates={"resourcePolicy": policy("two", {"AWS": ACCOUNT}, action="sagemaker:DescribeModelPackage")},
        replaces={"modelPackageGroupName": "other"},
    ),
    Sample(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        ALARM,
        "dev-tumor-5xx",
        updates={
            "threshold": 2.5,
            "alarmActions": [],
            "alarmDescription": "Errors.",
            "dimensions": {"EndpointName": "x"},
        },
        replaces={"name": "other"},
    ),
    Sample(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        METRIC_MATH_ALARM,
        "dev-tumor-5xx-rate",
        updates={"threshold": 0.02},
        replaces={"name": "other"},
    ),
    Sample(
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        {
            "alarmName": "dev-tumor-unwell",
            "alarmRule": 'ALARM("dev-tumor-5xx")',
            "alarmActions": [TOPIC_ARN],
            "actionsSuppressor": {"alarm": "dev-tumor-5xx", "extensionPeriod": 60.0, "waitPeriod": 120.0},
        },
        "dev-tumor-unwell",
        needs=(("aws:cloudwatch/metricAlarm:MetricAlarm", ALARM),),
        updates={"alarmRule": 'NOT ALARM("dev-tumor-5xx")', "alarmDescription": "Unwell."},
        replaces={"alarmName": "other"},
    ),
    Sample(
        "aws:cloudwatch/dashboard:Dashboard",
        {"dashboardName": "dev-tumor", "dashboardBody": json.dumps({"widgets": []})},
        "dev-tumor",
        updates={"dashboardBody": json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "hello"}}]})},
        replaces={"dashboardName": "other"},
    ),
    Sample(
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": "/aws/sagemaker/Endpoints/dev-tumor", "retentionInDays": 30.0, "tags": {"a": "b"}},
        "/aws/sagemaker/Endpoints/dev-tumor",
        updates={"retentionInDays": 90.0, "tags": {"c": "d"}},
        replaces={"name": "/other"},
    ),
    Sample(
        BUCKET_TYPE,
        {"bucket": BUCKET, "forceDestroy": True, "tags": {"a": "b"}},
        BUCKET,
        updates={"tags": {"a": "c"}, "forceDestroy": False},
        replaces={"bucket": "dev-artifacts-2"},
        unread=("forceDestroy",),
    ),
    Sample(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": BUCKET, "versioningConfiguration": {"status": "Enabled"}},
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"versioningConfiguration": {"status": "Suspended"}},
        replaces={"bucket": "other-bucket"},
        remains=True,
    ),
    Sample(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": BUCKET,
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234",
                    },
                    "bucketKeyEnabled": True,
                }
            ],
        },
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": BUCKET,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"restrictPublicBuckets": False},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": BUCKET, "policy": policy("one", {"AWS": ACCOUNT}, f"arn:aws:s3:::{BUCKET}/*")},
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"policy": policy("two", {"AWS": ACCOUNT}, f"arn:aws:s3:::{BUCKET}/*")},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "bucket": BUCKET,
            "rules": [
                {"id": "uploads", "status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0}},
                {
                    "id": "capture",
                    "status": "Enabled",
                    "filter": {"prefix": "capture/"},
                    "expiration": {"days": 30.0},
                    "noncurrentVersionExpiration": {"noncurrentDays": 90.0},
                },
            ],
        },
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={
            "rules": [{"id": "uploads", "status": "Disabled", "filter": {"prefix": ""}, "expiration": {"days": 1.0}}]
        },
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": BUCKET, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:kms/key:Key",
        {
            "description": "artifacts",
            "enableKeyRotation": True,
            "deletionWindowInDays": 7.0,
            "policy": KEY_POLICY,
            "tags": {"a": "b"},
        },
        updates={"description": "other", "enableKeyRotation": False, "deletionWindowInDays": 8.0, "isEnabled": False},
        replaces={"multiRegion": True},
        unread=("deletionWindowInDays",),
    ),
    Sample(
        ROLE_TYPE,
        {
            "name": "dev-tumor-execution",
            "description": "runs the model",
            "assumeRolePolicy": trust("sagemaker.amazonaws.com"),
            "maxSessionDuration": 3600.0,
            "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"],
            "inlinePolicies": [{"name": "read", "policy": policy()}],
            "tags": {"a": "b"},
        },
        "dev-tumor-execution",
        updates={
            "description": "other",
            "assumeRolePolicy": trust("lambda.amazonaws.com"),
            "managedPolicyArns": [],
            "inlinePolicies": [{"name": "write", "policy": policy(action="s3:PutObject")}],
        },
        replaces={"name": "other"},
    ),
    Sample(
        "aws:iam/rolePolicy:RolePolicy",
        {"name": "artifacts", "role": "execution", "policy": policy()},
        "execution:artifacts",
        needs=(EXECUTION_ROLE,),
        updates={"policy": policy(action="s3:PutObject")},
        replaces={"role": "other", "name": "other"},
    ),
    Sample(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "execution", "policyArn": "arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"},
        "execution/arn:aws:iam::aws:policy/AmazonSageMakerReadOnly",
        needs=(EXECUTION_ROLE,),
        replaces={"role": "other"},
    ),
    Sample(
        TOPIC_TYPE,
        {"name": "alarms", "displayName": "Alarms", "kmsMasterKeyId": "alias/aws/sns", "tags": {"a": "b"}},
        TOPIC_ARN,
        updates={"displayName": "Other", "tags": {"a": "c"}},
        replaces={"name": "other"},
    ),
    Sample(
        "aws:sns/topicPolicy:TopicPolicy",
        {"arn": TOPIC_ARN, "policy": policy("one", {"Service": "cloudwatch.amazonaws.com"}, TOPIC_ARN, "sns:Publish")},
        TOPIC_ARN,
        needs=((TOPIC_TYPE, {"name": "alarms"}),),
        updates={"policy": policy("two", {"Service": "cloudwatch.amazonaws.com"}, TOPIC_ARN, "sns:Publish")},
        replaces={"arn": f"{TOPIC_ARN}-2"},
        remains=True,
    ),
    Sample(
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "topic": TOPIC_ARN,
            "protocol": "sqs",
            "endpoint": f"arn:aws:sqs:us-east-1:{ACCOUNT}:alarms",
            "rawMessageDelivery": True,
        },
        needs=((TOPIC_TYPE, {"name": "alarms"}),),
        updates={"rawMessageDelivery": False, "filterPolicy": json.dumps({"state": ["ALARM"]})},
        replaces={"endpoint": f"arn:aws:sqs:us-east-1:{ACCOUNT}:other"},
    ),
    Sample(
        "aws:appautoscaling/target:Target",
        {**RESOURCE, "minCapacity": 1.0, "maxCapacity": 4.0, "tags": {"a": "b"}},
        RESOURCE["resourceId"],
        needs=STANDING_ENDPOINT,
        updates={"minCapacity": 2.0, "maxCapacity": 8.0},
        replaces={"resourceId": "endpoint/dev-tumor/variant/other"},
        import_id="sagemaker/endpoint/dev-tumor/variant/main/sagemaker:variant:DesiredInstanceCount",
    ),
    Sample(
        "aws:appautoscaling/policy:Policy",
        {
            **RESOURCE,
            "name": "invocations",
            "policyType": "TargetTrackingScaling",
            "targetTrackingScalingPolicyConfiguration": {
                "targetValue": 100.0,
                "scaleInCooldown": 300.0,
                "scaleOutCooldown": 60.0,
                "predefinedMetricSpecification": {"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            },
        },
        "invocations",
        needs=(
            *STANDING_ENDPOINT,
            ("aws:appautoscaling/target:Target", {**RESOURCE, "minCapacity": 1.0, "maxCapacity": 4.0}),
        ),
        updates={
            "targetTrackingScalingPolicyConfiguration": {
                "targetValue": 50.0,
                "predefinedMetricSpecification": {"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            }
        },
        replaces={"name": "other"},
        import_id="sagemaker/endpoint/dev-tumor/variant/main/sagemaker:variant:DesiredInstanceCount/invocations",
    ),
    Sample(
        "aws:appautoscaling/scheduledAction:ScheduledAction",
        {
            **RESOURCE,
            "name": "nights",
            "schedule": "cron(0 20 * * ? *)",
            "timezone": "Europe/Zurich",
            "startTime": "2030-01-01T00:00:00Z",
            "scalableTargetAction": {"minCapacity": 0.0, "maxCapacity": 1.0},
        },
        "nights-sagemaker-endpoint/dev-tumor/variant/main",
        needs=(
            *STANDING_ENDPOINT,
            ("aws:appautoscaling/target:Target", {**RESOURCE, "minCapacity": 1.0, "maxCapacity": 4.0}),
        ),
        updates={
            "schedule": "cron(0 21 * * ? *)",
            "timezone": "UTC",
            "startTime": "2031-01-01T00:00:00Z",
            "endTime": "2032-01-01T00:00:00Z",
            "scalableTargetAction": {"minCapacity": 1.0, "maxCapacity": 2.0},
        },
        replaces={"name": "other"},
        import_id="sagemaker/endpoint/dev-tumor/variant/main/sagemaker:variant:DesiredInstanceCount/nights",
    ),
    *aws_samples_operations.SAMPLES,
    *aws_samples_messaging.SAMPLES,
    *aws_samples_identity.SAMPLES,
    *aws_samples_storage.SAMPLES,
    *aws_samples_platform.SAMPLES,
    *aws_samples_lambda.SAMPLES,
)


def sample_ids() -> list[str]:
    seen: dict[str, int] = {}
    ids = []
    for sample in SAMPLES:
        name = sample.token.split(":")[0] + "." + sample.token.rsplit(":", maxsplit=1)[-1]
        seen[name] = seen.get(name, 0) + 1
        ids.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return ids
