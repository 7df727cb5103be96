"""`EndpointAlarms`: who is told when a model is unwell, and where to look.

All names come from the endpoint's, which is known before the endpoint is: alarms can be made first, and the endpoint
depend on those that roll its updates back, without a cycle (trap 8). Only the composite alarm notifies; the alarms
below it say what is wrong, and one incident is one message.
"""

from collections.abc import Iterable, Sequence

import pulumi
import pulumi_aws as aws

from components.aws.alarm_definitions import (
    AlarmDefinition,
    Metric,
    MetricMath,
    alarm_definitions,
    rollback_alarm_definitions,
    unwell_alarm_name,
)
from components.aws.arn import Arns
from components.aws.endpoint_dashboard import dashboard_body, dashboard_url
from components.aws.model_monitor import DriftBaseline
from components.aws.policy_document import Statement, policy_document
from components.specs.resolved import ResolvedModel

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
MAX_ALARMS_PER_RULE = 100
MAX_RULE_LENGTH = 10_240


class EndpointAlarms(pulumi.ComponentResource):
    """An alarm a threshold, a composite one over them, an SNS topic it notifies, and a dashboard.

    Outputs:
        alarm_arns: The metric alarms' ARNs by their names.
        unwell_alarm_arn: The composite alarm's ARN; `None` where every alarm is turned off.
        topic_arn: The SNS topic's ARN.
        dashboard_url: The dashboard in the console.
        rollback_alarm_names: The names of the alarms that roll an update back, for `ModelEndpoint`.
        rollback_alarms: Those alarms.
    """

    alarm_arns: dict[str, pulumi.Output[str]]
    unwell_alarm_arn: pulumi.Output[str] | None
    topic_arn: pulumi.Output[str]
    dashboard_url: str
    rollback_alarm_names: tuple[str, ...]
    rollback_alarms: tuple[aws.cloudwatch.MetricAlarm, ...]

    def __init__(
        self,
        name: str,
        *,
        model: ResolvedModel,
        baseline: DriftBaseline | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Creates the alarms.

        Args:
            name: The logical name.
            model: The resolved model.
            baseline: The features whose drift is watched; `None`: no alarm on drift.
            opts: `providers` with the environment's `aws.Provider`.
        """
        super().__init__("greenroom:aws:EndpointAlarms", name, None, opts)
        definitions = alarm_definitions(model, baseline)
        rollback = rollback_alarm_definitions(model)
        alarms = self._metric_alarms(model, definitions)
        self.rollback_alarms = tuple(self._metric_alarms(model, rollback))
        self.rollback_alarm_names = tuple(definition.name for definition in rollback)
        topic = self._topic(name, model)
        unwell = self._unwell(model, definitions, alarms, topic)
        aws.cloudwatch.Dashboard(
            name,
            dashboard_name=model.endpoint_name,
            dashboard_body=dashboard_body(model, [*definitions, *rollback]),
            opts=pulumi.ResourceOptions(parent=self),
        )

        self.alarm_arns = {
            definition.name: alarm.arn
            for definition, alarm in zip((*definitions, *rollback), (*alarms, *self.rollback_alarms), strict=True)
        }
        self.unwell_alarm_arn = None if unwell is None else unwell.arn
        self.topic_arn = topic.arn
        self.dashboard_url = dashboard_url(model)
        self.register_outputs(
            {
                "alarm_arns": self.alarm_arns,
                "unwell_alarm_arn": self.unwell_alarm_arn,
                "topic_arn": self.topic_arn,
                "dashboard_url": self.dashboard_url,
            }
        )

    def _metric_alarms(
        self, model: ResolvedModel, definitions: Iterable[AlarmDefinition]
    ) -> list[aws.cloudwatch.MetricAlarm]:
        opts = pulumi.ResourceOptions(parent=self)
        return [_metric_alarm(definition, model, opts) for definition in definitions]

    def _topic(self, name: str, model: ResolvedModel) -> aws.sns.Topic:
        topic_name = f"{model.endpoint_name}-alarms"
        topic = aws.sns.Topic(
            f"{name}-alarms",
            name=topic_name,
            # Not encrypted with `alias/aws/sns`, whose policy lets no alarm publish, nor with the environment's key,
            # where a missing grant would silence every alarm; a message holds names and thresholds, no model data.
            # https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
            tags=model.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.sns.TopicPolicy(
            f"{name}-alarms",
            arn=topic.arn,
            policy=policy_document(*topic_statements(model, topic_name)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for email in model.alarms.notify_emails:
            aws.sns.TopicSubscription(
                f"{name}-alarms-{email}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return topic

    def _unwell(
        self,
        model: ResolvedModel,
        definitions: Sequence[AlarmDefinition],
        alarms: Sequence[aws.cloudwatch.MetricAlarm],
        topic: aws.sns.Topic,
    ) -> aws.cloudwatch.CompositeAlarm | None:
        if not definitions:
            return None
        name = unwell_alarm_name(model)
        rules = alarm_rules([definition.name for definition in definitions])
        if len(rules) == 1:
            return self._composite(name, rules[0], model, alarms, topic)
        # More than one rule holds: a composite alarm a part, and one over the parts.
        parts = {f"{name}-{index}": rule for index, rule in enumerate(rules)}
        composites = [self._composite(part, rule, model, alarms, None) for part, rule in parts.items()]
        (over_parts,) = alarm_rules(list(parts))
        return self._composite(name, over_parts, model, composites, topic)

    def _composite(
        self,
        name: str,
        rule: str,
        model: ResolvedModel,
        watched: Sequence[pulumi.Resource],
        topic: aws.sns.Topic | None,
    ) -> aws.cloudwatch.CompositeAlarm:
        actions = None if topic is None else [topic.arn]
        return aws.cloudwatch.CompositeAlarm(
            name,
            alarm_name=name,
            alarm_description=f"{model.name} in {model.environment} is unwell; its owner is {model.owner}",
            alarm_rule=rule,
            alarm_actions=actions,
            ok_actions=actions,
            tags=model.tags,
            # CloudWatch refuses a rule that names an alarm it does not have.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(watched)),
        )


def alarm_rules(alarm_names: Sequence[str]) -> tuple[str, ...]:
    """Rules that ring when one of `alarm_names` does: as few as CloudWatch's limits on a rule allow."""
    rules = [""]
    count = 0
    for name in alarm_names:
        longer = f'{rules[-1]} OR ALARM("{name}")' if count else f'ALARM("{name}")'
        if count == MAX_ALARMS_PER_RULE or len(longer) > MAX_RULE_LENGTH:
            rules.append(f'ALARM("{name}")')
            count = 1
        else:
            rules[-1] = longer
            count += 1
    return tuple(rules)


def topic_statements(model: ResolvedModel, topic_name: str) -> tuple[Statement, ...]:
    """The topic's policy: only this endpoint's alarms publish.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#sns-allow-specified-service-to-publish-messages-to-a-topic
    """
    arns = Arns(model.account_id, model.region)
    return (
        Statement(
            sid="AlarmsOfThisEndpointPublish",
            principals={"Service": ("cloudwatch.amazonaws.com",)},
            actions=("sns:Publish",),
            resources=(arns.of("sns", topic_name),),
            conditions={
                "ArnLike": {"aws:SourceArn": arns.of("cloudwatch", f"alarm:{model.endpoint_name}-*")},
                "StringEquals": {"aws:SourceAccount": model.account_id},
            },
        ),
    )


def _metric_alarm(
    definition: AlarmDefinition, model: ResolvedModel, opts: pulumi.ResourceOptions
) -> aws.cloudwatch.MetricAlarm:
    window, watches = definition.window, definition.watches
    metric = watches if isinstance(watches, Metric) else None
    is_percentile = metric is not None and metric.stat.startswith("p")
    return aws.cloudwatch.MetricAlarm(
        definition.name,
        name=definition.name,
        alarm_description=definition.description,
        comparison_operator=definition.comparison,
        threshold=definition.threshold,
        evaluation_periods=window.evaluation_periods,
        datapoints_to_alarm=window.datapoints_to_alarm,
        treat_missing_data=definition.treat_missing_data,
        namespace=None if metric is None else metric.namespace,
        metric_name=None if metric is None else metric.name,
        dimensions=None if metric is None else dict(metric.dimensions),
        period=None if metric is None else window.period_seconds,
        statistic=None if metric is None or is_percentile else metric.stat,
        extended_statistic=metric.stat if metric is not None and is_percentile else None,
        metric_queries=_metric_queries(watches, window.period_seconds) if isinstance(watches, MetricMath) else None,
        tags=model.tags,
        opts=opts,
    )


def _metric_queries(math: MetricMath, period_seconds: int) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    return [
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="result", expression=math.expression, label=math.label, return_data=True
        ),
        *(
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id=key,
                return_data=False,
                metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                    namespace=metric.namespace,
                    metric_name=metric.name,
                    dimensions=dict(metric.dimensions),
                    period=period_seconds,
                    stat=metric.stat,
                ),
            )
            for key, metric in math.metrics.items()
        ),
    ]
