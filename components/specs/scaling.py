"""Target-tracking scaling of a variant's instance count."""

from components.specs.base import Spec


class TargetTrackingScaling(Spec):
    """Scales every production variant between two counts (application autoscaling)."""

    min_instance_count: int = 1
    max_instance_count: int
    target_invocations_per_instance_per_minute: float
    scale_in_cooldown_seconds: int = 300
    scale_out_cooldown_seconds: int = 60
    disable_scale_in: bool = False
