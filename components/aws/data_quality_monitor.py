"""`DataQualityMonitor`: captured requests, compared with the release's baseline on a schedule.

A job definition cannot be changed, so its name is its content's hash and nearly every change makes a new one; the
schedule keeps its name and is updated to point at it (trap 25). Both come after the endpoint and so go before it:
a schedule whose endpoint is gone stays Pending, and cannot be deleted (trap 26).

A run that finds no captured data fails; that is told from drift by the alarms, which take missing data for well
(trap 28).
"""

from dataclasses import asdict, dataclass

import pulumi
import pulumi_aws as aws

from components.aws.arn import Arns, S3Location
from components.aws.execution_role import (
    captured_data,
    decrypt_artifacts,
    environment_key_statements,
    log_in_to_ecr,
    network_interface_statements,
    pull_image,
    put_metrics,
    read_statements,
    write_logs,
)
from components.aws.model_monitor import (
    GUIDE_METRICS_NAMESPACE,
    METRICS_NAMESPACE,
    data_quality_schedule_name,
)
from components.aws.names import role_name
from components.aws.policy_document import Statement
from components.aws.sagemaker_role import create_sagemaker_role
from components.specs.analyzer_images import analyzer_image_uri
from components.specs.environment import Network
from components.specs.monitors import DataQuality
from components.specs.names import content_name
from components.specs.resolved import ResolvedModel

PROCESSING_LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
"""Where every processing job of an account logs, monitoring runs among them; its name is not ours to choose."""

_INPUT_PATH = "/opt/ml/processing/input/endpoint"
_OUTPUT_PATH = "/opt/ml/processing/output"


@dataclass(frozen=True)
class Baseline:
    """The release's baseline files.

    Attributes:
        statistics_uri: `s3://…/statistics.json`.
        constraints_uri: `s3://…/constraints.json`.
    """

    statistics_uri: str
    constraints_uri: str


@dataclass(frozen=True)
class JobDefinitionContent:
    """Everything about a job definition that replaces it."""

    monitor: DataQuality
    role_name: str
    image_uri: str
    endpoint_name: str
    reports_uri: str
    baseline: Baseline | None
    kms_key_arn: str | None
    network: Network | None


class DataQualityMonitor(pulumi.ComponentResource):
    """The monitor's role, its job definition and its schedule.

    Outputs:
        schedule_name: The monitoring schedule's name.
        schedule_arn: Its ARN.
        reports_uri: `s3://…/` where each run's statistics and violations go.
    """

    schedule_name: pulumi.Output[str]
    schedule_arn: pulumi.Output[str]
    reports_uri: str

    def __init__(
        self,
        name: str,
        *,
        model: ResolvedModel,
        monitor: DataQuality,
        endpoint: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Creates the monitor.

        Args:
            name: The logical name.
            model: The resolved model; it captures data, which the spec's validators see to.
            monitor: The monitor's settings.
            endpoint: The endpoint, which is there before the monitor and goes after it.
            opts: `providers` with the environment's `aws.Provider`.
        """
        super().__init__("greenroom:aws:DataQualityMonitor", name, None, opts)
        content = job_definition_content(model, monitor)
        role, policy = create_sagemaker_role(
            f"{name}-execution",
            model,
            role_name=content.role_name,
            description=f"Data-quality monitoring of the endpoint {model.endpoint_name}",
            policy_name="monitor",
            statements=monitor_statements(model, content),
            parent=self,
        )
        definition = self._job_definition(
            model, content, role, pulumi.ResourceOptions(parent=self, depends_on=[endpoint, policy])
        )
        schedule = aws.sagemaker.MonitoringSchedule(
            name,
            name=data_quality_schedule_name(model),
            monitoring_schedule_config=aws.sagemaker.MonitoringScheduleMonitoringScheduleConfigArgs(
                monitoring_type="DataQuality",
                monitoring_job_definition_name=definition.name,
                schedule_config=aws.sagemaker.MonitoringScheduleMonitoringScheduleConfigScheduleConfigArgs(
                    schedule_expression=monitor.schedule
                ),
            ),
            tags=model.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[endpoint]),
        )
        self.schedule_name = schedule.name
        self.schedule_arn = schedule.arn
        self.reports_uri = content.reports_uri
        self.register_outputs(
            {
                "schedule_name": self.schedule_name,
                "schedule_arn": self.schedule_arn,
                "reports_uri": self.reports_uri,
            }
        )

    def _job_definition(
        self,
        model: ResolvedModel,
        content: JobDefinitionContent,
        role: aws.iam.Role,
        opts: pulumi.ResourceOptions,
    ) -> aws.sagemaker.DataQualityJobDefinition:
        monitor, name = content.monitor, job_definition_name(model, content)
        return aws.sagemaker.DataQualityJobDefinition(
            name,
            name=name,
            role_arn=role.arn,
            data_quality_app_specification=aws.sagemaker.DataQualityJobDefinitionDataQualityAppSpecificationArgs(
                image_uri=content.image_uri, environment={"publish_cloudwatch_metrics": "Enabled"}
            ),
            data_quality_baseline_config=_baseline_config(content.baseline),
            data_quality_job_input=aws.sagemaker.DataQualityJobDefinitionDataQualityJobInputArgs(
                endpoint_input=aws.sagemaker.DataQualityJobDefinitionDataQualityJobInputEndpointInputArgs(
                    endpoint_name=content.endpoint_name,
                    local_path=_INPUT_PATH,
                    s3_input_mode="File",
                    s3_data_distribution_type="FullyReplicated",
                )
            ),
            data_quality_job_output_config=aws.sagemaker.DataQualityJobDefinitionDataQualityJobOutputConfigArgs(
                kms_key_id=content.kms_key_arn,
                monitoring_outputs=aws.sagemaker.DataQualityJobDefinitionDataQualityJobOutputConfigMonitoringOutputsArgs(
                    s3_output=aws.sagemaker.DataQualityJobDefinitionDataQualityJobOutputConfigMonitoringOutputsS3OutputArgs(
                        s3_uri=content.reports_uri, local_path=_OUTPUT_PATH, s3_upload_mode="EndOfJob"
                    )
                ),
            ),
            job_resources=aws.sagemaker.DataQualityJobDefinitionJobResourcesArgs(
                cluster_config=aws.sagemaker.DataQualityJobDefinitionJobResourcesClusterConfigArgs(
                    instance_type=monitor.instance_type,
                    instance_count=monitor.instance_count,
                    volume_size_in_gb=monitor.volume_size_gb,
                )
            ),
            network_config=_network_config(content.network),
            stopping_condition=aws.sagemaker.DataQualityJobDefinitionStoppingConditionArgs(
                max_runtime_in_seconds=monitor.max_runtime_seconds
            ),
            tags=model.tags,
            opts=opts,
        )


def job_definition_content(model: ResolvedModel, monitor: DataQuality) -> JobDefinitionContent:
    """What the monitor's job definition is made of."""
    return JobDefinitionContent(
        monitor=monitor,
        role_name=role_name(model, "data-quality"),
        image_uri=analyzer_image_uri(model.region),
        endpoint_name=model.endpoint_name,
        reports_uri=S3Location(model.capture_bucket, f"monitoring/{model.endpoint_name}/data-quality/").uri,
        baseline=release_baseline(model) if monitor.baseline == "release" else None,
        kms_key_arn=None if model.encryption is None else model.encryption.kms_key_arn,
        network=model.network,
    )


def job_definition_name(model: ResolvedModel, content: JobDefinitionContent) -> str:
    """The job definition's name: changes with its content."""
    return content_name(f"{model.endpoint_name}-data-quality", asdict(content))


def release_baseline(model: ResolvedModel) -> Baseline | None:
    """The baseline the release was packaged with; `None`: it has none, and a run only describes the data."""
    if not model.release.has_baseline:
        return None
    root = S3Location(model.artifacts.bucket, f"{model.release.s3_prefix}baseline/").uri
    return Baseline(statistics_uri=f"{root}statistics.json", constraints_uri=f"{root}constraints.json")


def monitor_statements(model: ResolvedModel, content: JobDefinitionContent) -> tuple[Statement, ...]:
    """What a monitoring run may do: read this endpoint's captured data and baseline, write its reports and metrics.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createprocessingjob-perms
    """
    arns = Arns(model.account_id, model.region)
    reports = S3Location.from_uri(content.reports_uri)
    return (
        *_input_statements(arns, model, content),
        Statement(
            sid="WriteReports",
            actions=("s3:PutObject",),
            resources=(arns.s3(reports.bucket, f"{reports.prefix}*"),),
        ),
        log_in_to_ecr(),
        pull_image(content.image_uri),
        *write_logs(arns, PROCESSING_LOG_GROUP),
        put_metrics(METRICS_NAMESPACE, GUIDE_METRICS_NAMESPACE),
        *environment_key_statements(model.encryption),
        *network_interface_statements(arns, model.network),
    )


def _input_statements(arns: Arns, model: ResolvedModel, content: JobDefinitionContent) -> tuple[Statement, ...]:
    captured = captured_data(model)
    if content.baseline is None:
        return read_statements(arns, (captured,))
    baseline = S3Location(model.artifacts.bucket, f"{model.release.s3_prefix}baseline/")
    return (*read_statements(arns, (captured, baseline)), decrypt_artifacts(model.artifacts))


def _baseline_config(
    baseline: Baseline | None,
) -> aws.sagemaker.DataQualityJobDefinitionDataQualityBaselineConfigArgs | None:
    if baseline is None:
        return None
    return aws.sagemaker.DataQualityJobDefinitionDataQualityBaselineConfigArgs(
        statistics_resource=aws.sagemaker.DataQualityJobDefinitionDataQualityBaselineConfigStatisticsResourceArgs(
            s3_uri=baseline.statistics_uri
        ),
        constraints_resource=aws.sagemaker.DataQualityJobDefinitionDataQualityBaselineConfigConstraintsResourceArgs(
            s3_uri=baseline.constraints_uri
        ),
    )


def _network_config(
    network: Network | None,
) -> aws.sagemaker.DataQualityJobDefinitionNetworkConfigArgs | None:
    if network is None:
        return None
    return aws.sagemaker.DataQualityJobDefinitionNetworkConfigArgs(
        vpc_config=aws.sagemaker.DataQualityJobDefinitionNetworkConfigVpcConfigArgs(
            subnets=list(network.subnet_ids), security_group_ids=list(network.security_group_ids)
        )
    )
