"""Samples of what watches a deployment: parts of log groups, scaling."""

from __future__ import annotations

from tests.functional.provider.aws_samples_sagemaker import STANDING_ENDPOINT
from tests.functional.provider.sample import Sample, policy

GROUP = "/aws/sagemaker/Endpoints/dev-tumor"
LOG_GROUP = ("aws:cloudwatch/logGroup:LogGroup", {"name": GROUP})
DESTINATION = "arn:aws:firehose:us-east-1:111122223333:deliverystream/logs"
RESOURCE = {
    "resourceId": "endpoint/dev-tumor/variant/main",
    "serviceNamespace": "sagemaker",
    "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
}

SAMPLES = (
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
    Sample(
        "aws:cloudwatch/logStream:LogStream",
        {"logGroupName": GROUP, "name": "audit"},
        "audit",
        needs=(LOG_GROUP,),
        replaces={"name": "other", "logGroupName": "/other"},
        import_id=f"{GROUP}:audit",
    ),
    Sample(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        {
            "name": "errors",
            "logGroupName": GROUP,
            "pattern": "ERROR",
            "metricTransformation": {
                "name": "Errors",
                "namespace": "Greenroom",
                "value": "1",
                "defaultValue": "0",
                "unit": "Count",
            },
        },
        "errors",
        needs=(LOG_GROUP,),
        updates={
            "applyOnTransformedLogs": True,
            "pattern": "FATAL",
            "metricTransformation": {"name": "Fatal", "namespace": "Greenroom", "value": "2", "unit": "None"},
        },
        replaces={"name": "other", "logGroupName": "/other"},
        import_id=f"{GROUP}:errors",
    ),
    Sample(
        "aws:cloudwatch/queryDefinition:QueryDefinition",
        {"name": "errors", "queryString": "filter @message like /ERROR/", "logGroupNames": [GROUP]},
        updates={"name": "other", "queryString": "fields @timestamp", "logGroupNames": ["/other"]},
    ),
    Sample(
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        {
            "policyName": "events",
            "policyDocument": policy("one", {"Service": "events.amazonaws.com"}, "*", "logs:PutLogEvents"),
        },
        "events",
        updates={"policyDocument": policy("two", {"Service": "events.amazonaws.com"}, "*", "logs:PutLogEvents")},
        replaces={"policyName": "other"},
        excused={"resourceArn": "goes with a policy of its own kind"},
    ),
)
