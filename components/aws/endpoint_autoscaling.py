"""`EndpointAutoscaling`: each production variant's instance count follows its traffic.

SageMaker refuses to change a variant's instance type, or to remove a variant, while a scalable target is registered
for it (trap 5, https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html): deregister, update,
register again. One deployment does all three, and its preview shows them:

- `ModelEndpoint` keeps the fleet, `{variant: instance type}`, in a `pulumi.Stash` that a changed fleet replaces, the
  old one deleted first.
- A target's `resource_id` is read from that Stash. When the engine deletes a resource before replacing it, it first
  deletes what would be replaced with it
  (https://www.pulumi.com/docs/iac/concepts/resources/options/deletebeforereplace/): policies, then targets, also those
  of a variant that is no longer there.
- The Endpoint comes after the Stash, so its update finds nothing registered; the targets come after the Endpoint.

`role_arn` is never set: AWS puts its service-linked role there, and every later plan would show a change (trap 9).
"""

import pulumi
import pulumi_aws as aws

from components.specs.resolved import ResolvedModel
from components.specs.scaling import TargetTrackingScaling

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


class EndpointAutoscaling(pulumi.ComponentResource):
    """A scalable target and a target-tracking policy a production variant.

    Outputs:
        policy_arns: The policies' ARNs by variant.
    """

    policy_arns: dict[str, pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        *,
        model: ResolvedModel,
        scaling: TargetTrackingScaling,
        endpoint: pulumi.Resource,
        fleet: pulumi.Output[dict[str, str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers the variants.

        Args:
            name: The logical name.
            model: The resolved model.
            scaling: Its scaling.
            endpoint: The endpoint: targets are registered after it is there and deregistered before it goes (trap 22).
            fleet: `ModelEndpoint.fleet`.
            opts: `providers` with the environment's `aws.Provider`.
        """
        super().__init__("greenroom:aws:EndpointAutoscaling", name, None, opts)
        self.policy_arns = {
            variant.name: self._scale(
                f"{name}-{variant.name}", variant.name, model=model, scaling=scaling, endpoint=endpoint, fleet=fleet
            ).arn
            for variant in model.serving.production_variants
        }
        self.register_outputs({"policy_arns": self.policy_arns})

    def _scale(
        self,
        name: str,
        variant_name: str,
        *,
        model: ResolvedModel,
        scaling: TargetTrackingScaling,
        endpoint: pulumi.Resource,
        fleet: pulumi.Output[dict[str, str]],
    ) -> aws.appautoscaling.Policy:
        resource_id = f"endpoint/{model.endpoint_name}/variant/{variant_name}"
        target = aws.appautoscaling.Target(
            name,
            service_namespace=NAMESPACE,
            scalable_dimension=DIMENSION,
            resource_id=fleet.apply(lambda _: resource_id),
            min_capacity=scaling.min_instance_count,
            max_capacity=scaling.max_instance_count,
            tags=model.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[endpoint]),
        )
        return aws.appautoscaling.Policy(
            name,
            name=f"{model.endpoint_name}-{variant_name}-invocations-per-instance",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration=_target_tracking(scaling),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _target_tracking(
    scaling: TargetTrackingScaling,
) -> aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs:
    return aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
        target_value=scaling.target_value,
        predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
            predefined_metric_type="SageMakerVariantInvocationsPerInstance"
        ),
        scale_in_cooldown=scaling.scale_in_cooldown_seconds,
        scale_out_cooldown=scaling.scale_out_cooldown_seconds,
        disable_scale_in=scaling.disable_scale_in,
    )
