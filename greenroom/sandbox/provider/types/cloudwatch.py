"""CloudWatch: metric alarms, composite alarms, dashboards. All are put: made and changed by the same operation.

Tags go with the request that makes an alarm; later ones are requests of their own.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging

CLOUDWATCH_TAGS = Tagging.of_resources("ResourceARN")

METRIC_ALARM = ResourceType(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    service="cloudwatch",
    create="PutMetricAlarm",
    read="DescribeAlarms",
    update="PutMetricAlarm",
    delete="DeleteAlarms",
    prefixes=("Alarm",),
    found=("MetricAlarms", 0),
    constants={"DescribeAlarms": {"AlarmTypes": ["MetricAlarm"]}},
    exceptions={
        "metricQueries": "Metrics",
        "metricQueries.metric": "MetricStat",
        "metricQueries.metric.metricName": "Metric.MetricName",
        "metricQueries.metric.namespace": "Metric.Namespace",
        "metricQueries.metric.dimensions": "Metric.Dimensions",
    },
    autoname=AutoName(),
    tagging=CLOUDWATCH_TAGS,
)

COMPOSITE_ALARM = ResourceType(
    "aws:cloudwatch/compositeAlarm:CompositeAlarm",
    service="cloudwatch",
    create="PutCompositeAlarm",
    read="DescribeAlarms",
    update="PutCompositeAlarm",
    delete="DeleteAlarms",
    identity=("alarmName",),
    id_format="{alarmName}",
    prefixes=("Alarm",),
    found=("CompositeAlarms", 0),
    constants={"DescribeAlarms": {"AlarmTypes": ["CompositeAlarm"]}},
    exceptions={
        "actionsSuppressor": "",
        "actionsSuppressor.alarm": "ActionsSuppressor",
        "actionsSuppressor.extensionPeriod": "ActionsSuppressorExtensionPeriod",
        "actionsSuppressor.waitPeriod": "ActionsSuppressorWaitPeriod",
    },
    tagging=CLOUDWATCH_TAGS,
)

DASHBOARD = ResourceType(
    "aws:cloudwatch/dashboard:Dashboard",
    service="cloudwatch",
    create="PutDashboard",
    read="GetDashboard",
    update="PutDashboard",
    delete="DeleteDashboards",
    identity=("dashboardName",),
    id_format="{dashboardName}",
)

TYPES = (METRIC_ALARM, COMPOSITE_ALARM, DASHBOARD)
