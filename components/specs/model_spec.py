"""`ModelSpec`: what a team writes in `models/NAME/model.yaml`."""

from components.specs.alarms import Alarms
from components.specs.base import Spec
from components.specs.data_capture import DataCapture
from components.specs.monitors import Monitor
from components.specs.rollout import AllAtOnce, Rollout
from components.specs.scaling import TargetTrackingScaling
from components.specs.security import Security
from components.specs.serving import Serving


class ModelSpec(Spec):
    """One model: what it needs, not how AWS spells it."""

    name: str
    owner: str
    description: str = ""
    tags: dict[str, str] = {}
    serving: Serving
    scaling: TargetTrackingScaling | None = None
    data_capture: DataCapture | None = None
    monitors: tuple[Monitor, ...] = ()
    alarms: Alarms = Alarms()
    rollout: Rollout = AllAtOnce()
    security: Security = Security()
    log_retention_days: int = 30
