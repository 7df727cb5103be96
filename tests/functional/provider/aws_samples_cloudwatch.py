"""Samples of CloudWatch: alarms, a dashboard, a log group."""

from __future__ import annotations

import json
from typing import Any

from tests.functional.provider.sample import TOPIC_ARN, Sample

ALARM_TYPE = "aws:cloudwatch/metricAlarm:MetricAlarm"
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

SAMPLES = (
    Sample(
        ALARM_TYPE,
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
        ALARM_TYPE,
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
        needs=((ALARM_TYPE, ALARM),),
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
)
