"""`ModelEndpoint`: a model, answering.

Only the Endpoint has a stable name. Each release that the environment runs or keeps as a rollback target has a role
policy, a Model and an EndpointConfiguration of its own. The policy's logical name carries the release's short digest; a
Model's and an EndpointConfiguration's are their physical names, which change with their content. So a change of the
release or of its serving creates new ones, moves the endpoint, and then deletes those that the program no longer names
(traps 1, 2); and where SageMaker rolled the move back, the old ones are there to be named again (trap 3). As
replacements of one resource they would be in the state as pending deletions only, and going back would fail: there is a
configuration of that name already.

The Endpoint is aws-native's, since pulumi-aws has no `retain_all_variant_properties`: without it an update puts a
variant that scaled out back to its initial count (trap 4,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html).
"""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_aws_native as aws_native

from components.aws.deployment_config import deployment_config
from components.aws.endpoint_config import create_endpoint_config, create_model
from components.aws.execution_role import (
    captured_data,
    endpoint_log_group,
    endpoint_role_name,
    endpoint_statements,
    release_statements,
)
from components.aws.names import short_digest
from components.aws.policy_document import policy_document
from components.aws.sagemaker_role import create_sagemaker_role
from components.specs.resolved import ResolvedModel


class EndpointNotUpdatedError(pulumi.RunError):
    """The endpoint does not serve the configuration that was deployed: SageMaker rolled the update back (trap 3).

    Attributes:
        endpoint_name: The endpoint.
        wanted: The EndpointConfiguration that was deployed.
        live: The one the endpoint names.
    """

    def __init__(self, endpoint_name: str, wanted: str, live: str | None) -> None:
        self.endpoint_name = endpoint_name
        self.wanted = wanted
        self.live = live
        super().__init__(
            f"endpoint {endpoint_name} serves the configuration {live!r}, not the deployed {wanted!r}: "
            "SageMaker rolled the update back; the old release serves, and nothing of it was deleted. "
            f"The reason: `aws sagemaker describe-endpoint --endpoint-name {endpoint_name}`, and the history of the "
            "rollback alarms. To stay with what serves, undo the change; to try it once more, leave it. Either way "
            "deploy after a refresh (`pulumi up --refresh`, `greenroom sandbox up --refresh`)."
        )


class ModelEndpoint(pulumi.ComponentResource):
    """Execution role, log group, a policy, a Model and an EndpointConfiguration a release, and the Endpoint.

    Outputs:
        endpoint_name: The endpoint's name, for `InvokeEndpoint`.
        endpoint_arn: Its ARN.
        endpoint_config_name: The configuration it serves; after a deployment that was rolled back this output fails
            with `EndpointNotUpdatedError`, and the deployment with it.
        execution_role_arn: The role its containers run as.
        capture_uri: `s3://…/` where captured data goes; `None` without data capture.
        endpoint: The Endpoint resource, for what must come after it and go before it.
        fleet: `{variant name: instance type}`, from a Stash that is replaced when the fleet changes (see
            `EndpointAutoscaling`).
    """

    endpoint_name: pulumi.Output[str]
    endpoint_arn: pulumi.Output[str]
    endpoint_config_name: pulumi.Output[str]
    execution_role_arn: pulumi.Output[str]
    capture_uri: str | None
    endpoint: aws_native.sagemaker.Endpoint
    fleet: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        name: str,
        *,
        model: ResolvedModel,
        rollback_alarms: Sequence[aws.cloudwatch.MetricAlarm] = (),
        rollback_alarm_names: Sequence[str] = (),
        capture_store: pulumi.Resource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Creates the endpoint.

        Args:
            name: The logical name.
            model: The resolved model.
            rollback_alarms: What `rollback_alarm_names` names: the endpoint comes after them.
            rollback_alarm_names: Alarms that roll an update back; empty: updates are not rolled back.
            capture_store: What holds the bucket of captured data: the endpoint comes after it, and goes before it, so
                that nothing writes to a bucket that is being deleted. `None`: the bucket is another stack's.
            opts: `providers` with the environment's `aws.Provider` and `aws_native.Provider`.
        """
        super().__init__("greenroom:aws:ModelEndpoint", name, None, opts)
        role, role_policy = create_sagemaker_role(
            f"{name}-execution",
            model,
            role_name=endpoint_role_name(model),
            description=f"Containers of the endpoint {model.endpoint_name}",
            policy_name="endpoint",
            statements=endpoint_statements(model, rollback_alarm_names),
            parent=self,
        )
        log_group = self._log_group(name, model)
        config_names = self._configs(name, model, role)
        stash = self._fleet(name, model)
        self.endpoint = aws_native.sagemaker.Endpoint(
            name,
            endpoint_name=model.endpoint_name,
            endpoint_config_name=config_names[model.release.digest],
            deployment_config=deployment_config(model.rollout, rollback_alarm_names),
            retain_all_variant_properties=model.scaling is not None,
            exclude_retained_variant_properties=_owned_by_the_spec(model),
            tags=[aws_native.TagArgs(key=key, value=value) for key, value in sorted(model.tags.items())],
            # The log group first, or SageMaker makes one that keeps logs for ever; the policy first, since IAM takes a
            # while to spread and the start fails without it (trap 18); the Stash first, see EndpointAutoscaling.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[role_policy, log_group, stash, *rollback_alarms, *_present(capture_store)]
            ),
        )

        self.endpoint_name = pulumi.Output.from_input(model.endpoint_name)
        self.endpoint_arn = self.endpoint.endpoint_arn
        self.endpoint_config_name = self._verified_config_name(model, config_names[model.release.digest])
        self.execution_role_arn = role.arn
        self.capture_uri = None if model.data_capture is None else captured_data(model).uri
        self.fleet = stash.output
        self.register_outputs(
            {
                "endpoint_name": self.endpoint_name,
                "endpoint_arn": self.endpoint_arn,
                "endpoint_config_name": self.endpoint_config_name,
                "execution_role_arn": self.execution_role_arn,
                "capture_uri": self.capture_uri,
            }
        )

    def _log_group(self, name: str, model: ResolvedModel) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=endpoint_log_group(model.endpoint_name),
            retention_in_days=model.log_retention_days,
            kms_key_id=None if model.encryption is None else model.encryption.kms_key_arn,
            tags=model.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _configs(self, name: str, model: ResolvedModel, role: aws.iam.Role) -> dict[str, pulumi.Output[str]]:
        """What each release has of its own; the names of the configurations, by the releases' digests."""
        config_names = {}
        for release in model.releases:
            release_name = f"{name}-{short_digest(release)}"
            role_policy = aws.iam.RolePolicy(
                release_name,
                name=f"release-{short_digest(release)}",
                role=role.name,
                policy=policy_document(*release_statements(model, release)),
                opts=pulumi.ResourceOptions(parent=self),
            )
            sagemaker_model = create_model(
                model, release, role, pulumi.ResourceOptions(parent=self, depends_on=[role_policy])
            )
            config = create_endpoint_config(model, release, sagemaker_model, pulumi.ResourceOptions(parent=self))
            config_names[release.digest] = config.name
        return config_names

    def _fleet(self, name: str, model: ResolvedModel) -> pulumi.Stash:
        """What SageMaker will not change under a scalable target; kept by unscaled endpoints too.

        So that taking scaling away together with a change of the fleet still deregisters first.
        """
        return pulumi.Stash(
            f"{name}-fleet-scaling-is-registered-for",
            input={variant.name: variant.instance_type for variant in model.serving.production_variants},
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["input"], delete_before_replace=True),
        )

    def _verified_config_name(self, model: ResolvedModel, wanted: pulumi.Output[str]) -> pulumi.Output[str]:
        """The configuration's name, once the endpoint is seen to serve it.

        Raising here fails the deployment before the engine deletes what the program no longer names: the configuration
        that SageMaker rolled back to stays (trap 3).
        """
        if pulumi.runtime.is_dry_run():
            return wanted
        live = aws_native.sagemaker.get_endpoint_output(
            endpoint_arn=self.endpoint.endpoint_arn, opts=pulumi.InvokeOutputOptions(parent=self)
        )

        def verify(names: list[Any]) -> str:
            wanted_name, live_name = names
            if live_name != wanted_name:
                raise EndpointNotUpdatedError(model.endpoint_name, wanted_name, live_name)
            return str(wanted_name)

        return pulumi.Output.all(wanted, live.endpoint_config_name).apply(verify)


def _owned_by_the_spec(model: ResolvedModel) -> list[aws_native.sagemaker.EndpointVariantPropertyArgs] | None:
    """Of a scaled endpoint, only the instance count is scaling's; weights and data capture are the spec's to change.

    `None` for an endpoint without scaling, whose counts are the spec's as well.
    """
    if model.scaling is None:
        return None
    return [
        aws_native.sagemaker.EndpointVariantPropertyArgs(variant_property_type=kind)
        for kind in ("DesiredWeight", "DataCaptureConfig")
    ]


def _present(resource: pulumi.Resource | None) -> list[pulumi.Resource]:
    return [] if resource is None else [resource]
