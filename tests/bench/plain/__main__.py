"""A plain Pulumi program: nineteen resources a model, declared as the provider's examples declare them.

What our own stack is measured against has 35 resources a model; published figures and those of other tools are of
programs of this size. `BENCH_MODELS` says of how many models it is.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pulumi
import pulumi_aws as aws

COUNT = int(os.environ.get("BENCH_MODELS", "1"))
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
METRICS = {"Invocation5XXErrors": 1, "Invocation4XXErrors": 10, "ModelLatency": 500_000, "OverheadLatency": 100_000}
VARIANT = "AllTraffic"


def policy(**statement: Any) -> str:
    """A policy document of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


class PlainModel(pulumi.ComponentResource):
    """A model with its endpoint, its role, its alarms, its scaling and its monitor."""

    def __init__(self, name: str) -> None:
        super().__init__("bench:index:PlainModel", name)
        self.model_name = name
        self.opts = pulumi.ResourceOptions(parent=self)
        self.tags = {"model": name}
        role = self._role()
        endpoint = self._endpoint(role)
        alarms = self._alarms()
        self._scaling(endpoint)
        self._monitor(role, endpoint)
        self.register_outputs({"endpoint": endpoint.arn, "alarms": [alarm.arn for alarm in alarms]})

    def _role(self) -> aws.iam.Role:
        name = self.model_name
        trust = policy(Action="sts:AssumeRole", Principal={"Service": "sagemaker.amazonaws.com"})
        role = aws.iam.Role(
            f"{name}-role", name=f"{name}-role", assume_role_policy=trust, tags=self.tags, opts=self.opts
        )
        for part, action in (("logs", "logs:PutLogEvents"), ("model-data", "s3:GetObject")):
            document = policy(Action=action, Resource="*")
            aws.iam.RolePolicy(f"{name}-{part}", name=part, role=role.name, policy=document, opts=self.opts)
        return role

    def _endpoint(self, role: aws.iam.Role) -> aws.sagemaker.Endpoint:
        name = self.model_name
        group = aws.cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/sagemaker/Endpoints/{name}",
            retention_in_days=30,
            tags=self.tags,
            opts=self.opts,
        )
        model = aws.sagemaker.Model(
            f"{name}-model",
            name=name,
            execution_role_arn=role.arn,
            primary_container={"image": IMAGE, "environment": {"MODEL": name}},
            tags=self.tags,
            opts=self.opts,
        )
        variant: Any = {
            "variant_name": VARIANT,
            "model_name": model.name,
            "instance_type": "ml.m5.large",
            "initial_instance_count": 1,
            "initial_variant_weight": 1.0,
        }
        configuration = aws.sagemaker.EndpointConfiguration(
            f"{name}-config", name=name, production_variants=[variant], tags=self.tags, opts=self.opts
        )
        return aws.sagemaker.Endpoint(
            f"{name}-endpoint",
            name=name,
            endpoint_config_name=configuration.name,
            tags=self.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[group]),
        )

    def _alarms(self) -> list[aws.cloudwatch.MetricAlarm]:
        name = self.model_name
        topic = aws.sns.Topic(f"{name}-topic", name=f"{name}-alarms", tags=self.tags, opts=self.opts)
        return [
            aws.cloudwatch.MetricAlarm(
                f"{name}-{metric}",
                name=f"{name}-{metric}",
                namespace="AWS/SageMaker",
                metric_name=metric,
                statistic="Sum",
                period=60,
                evaluation_periods=3,
                threshold=threshold,
                comparison_operator="GreaterThanThreshold",
                treat_missing_data="notBreaching",
                dimensions={"EndpointName": name, "VariantName": VARIANT},
                alarm_actions=[topic.arn],
                tags=self.tags,
                opts=self.opts,
            )
            for metric, threshold in METRICS.items()
        ]

    def _scaling(self, endpoint: aws.sagemaker.Endpoint) -> None:
        name = self.model_name
        target = aws.appautoscaling.Target(
            f"{name}-target",
            resource_id=pulumi.Output.concat("endpoint/", endpoint.name, "/variant/", VARIANT),
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            service_namespace="sagemaker",
            min_capacity=1,
            max_capacity=4,
            opts=self.opts,
        )
        for part, value in (("invocations", 100.0), ("again", 200.0)):
            metric: Any = {"predefined_metric_type": "SageMakerVariantInvocationsPerInstance"}
            aws.appautoscaling.Policy(
                f"{name}-{part}",
                name=f"{name}-{part}",
                policy_type="TargetTrackingScaling",
                resource_id=target.resource_id,
                scalable_dimension=target.scalable_dimension,
                service_namespace=target.service_namespace,
                target_tracking_scaling_policy_configuration={
                    "predefined_metric_specification": metric,
                    "target_value": value,
                },
                opts=self.opts,
            )

    def _monitor(self, role: aws.iam.Role, endpoint: aws.sagemaker.Endpoint) -> None:
        name = self.model_name
        bucket = aws.s3.Bucket(f"{name}-capture", bucket=f"capture-{name}-111122223333", tags=self.tags, opts=self.opts)
        processing = "/opt/ml/processing"
        output: Any = {"s3_uri": pulumi.Output.concat("s3://", bucket.bucket), "local_path": f"{processing}/output"}
        source: Any = {"endpoint_name": endpoint.name, "local_path": f"{processing}/input"}
        cluster: Any = {"instance_type": "ml.m5.large", "instance_count": 1, "volume_size_in_gb": 20}
        definition = aws.sagemaker.DataQualityJobDefinition(
            f"{name}-quality",
            name=name,
            role_arn=role.arn,
            data_quality_app_specification={"image_uri": IMAGE},
            data_quality_job_input={"endpoint_input": source},
            data_quality_job_output_config={"monitoring_outputs": {"s3_output": output}},
            job_resources={"cluster_config": cluster},
            tags=self.tags,
            opts=self.opts,
        )
        aws.sagemaker.MonitoringSchedule(
            f"{name}-schedule",
            name=name,
            monitoring_schedule_config={
                "monitoring_job_definition_name": definition.name,
                "monitoring_type": "DataQuality",
                "schedule_config": {"schedule_expression": "cron(0 * ? * * *)"},
            },
            tags=self.tags,
            opts=self.opts,
        )


for number in range(COUNT):
    PlainModel(f"plain-{number:03}")
