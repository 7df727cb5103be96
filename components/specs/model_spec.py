"""`ModelSpec`: what a team writes in `models/NAME/model.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from components.specs.alarms import Alarms
from components.specs.base import Many, Spec
from components.specs.data_capture import DataCapture
from components.specs.fields import LOG_RETENTION_DAYS, ModelName
from components.specs.monitors import Monitor
from components.specs.rollout import AllAtOnce, Rollout
from components.specs.rules import model_rules
from components.specs.scaling import TargetTrackingScaling
from components.specs.security import Security
from components.specs.serving import Serving
from components.specs.tags import Tags, value_is_allowed
from components.specs.violations import broken, refuse


def _owner(owner: str) -> str:
    if not owner.strip() or not value_is_allowed(owner):
        raise refuse(
            f"'{owner}' is not an owner, which is also a tag's value",
            allowed="1 to 256 letters, digits, spaces and _ . : / = + - @",
        )
    return owner


def _retention(days: int) -> int:
    if days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        raise refuse(
            f"CloudWatch Logs has no retention of {days} days",
            allowed=", ".join(str(allowed) for allowed in LOG_RETENTION_DAYS),
            fix=f"the nearest is {nearest}",
        )
    return days


LogRetentionDays = Annotated[int, AfterValidator(_retention), Field(json_schema_extra={"enum": [*LOG_RETENTION_DAYS]})]


class ModelSpec(Spec):
    """One model: what it needs, not how AWS spells it."""

    name: ModelName
    """The model's name, as its folder is named; a part of its endpoint's name."""
    owner: Annotated[str, AfterValidator(_owner)]
    """The team or person to ask; a tag of every resource."""
    description: Annotated[str, Field(max_length=1024)] = ""
    """What the model does, for people. Without it: nothing is said."""
    tags: Tags = Field(default_factory=dict)
    """Tags of every resource of this model. Without it: the environment's and ours."""
    serving: Serving
    """How the model is served."""
    scaling: TargetTrackingScaling | None = None
    """How the fleets grow and shrink. Without it: they keep their initial instance count."""
    data_capture: DataCapture | None = None
    """What of the traffic is kept. Without it: nothing."""
    monitors: Many[Monitor] = ()
    """What watches the captured data. Without it: nothing."""
    alarms: Alarms = Alarms()
    """When the model is unwell. Without it: the defaults of each alarm."""
    rollout: Rollout = AllAtOnce()
    """How a new release takes over. Without it: all traffic at once, watched for 300 s, back if an alarm rings."""
    security: Security = Security()
    """What the containers may reach. Without it: their release, their logs, and nothing else."""
    log_retention_days: LogRetentionDays = 30
    """How long the containers' logs are kept. Without it: 30."""

    @model_validator(mode="after")
    def _rules(self) -> ModelSpec:
        rules = model_rules(self)
        if rules:
            raise broken(rules)
        return self
