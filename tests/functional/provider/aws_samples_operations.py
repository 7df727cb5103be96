"""Samples of what watches a deployment: parts of log groups, scheduled scaling."""

from __future__ import annotations

from tests.functional.provider.sample import Sample, policy

GROUP = "/aws/sagemaker/Endpoints/dev-tumor"
LOG_GROUP = ("aws:cloudwatch/logGroup:LogGroup", {"name": GROUP})
DESTINATION = "arn:aws:firehose:us-east-1:111122223333:deliverystream/logs"

SAMPLES = (
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
