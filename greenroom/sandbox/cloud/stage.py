"""What the one local AWS of this process stands on: how long its transitions take, and who hosts its models.

moto keeps its state in module globals and makes its backends itself, so that nothing can be handed to them; they ask
`current()`. One cloud at a time is set up in a process, and takes it down again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from greenroom.sandbox.cloud.errors import CloudStartError


@dataclass(frozen=True)
class TransitionTimes:
    """How long the states between last, in seconds. AWS takes minutes; a rehearsal need not.

    An endpoint is Creating or Updating for at least this long, and until its containers answer their health checks.
    """

    endpoint_creating_seconds: float = 0.2
    endpoint_updating_seconds: float = 0.2
    endpoint_rolling_back_seconds: float = 0.2
    endpoint_deleting_seconds: float = 0.2
    monitoring_schedule_pending_seconds: float = 0.2
    rollout_wait_factor: float = 0.0
    """What a deployment configuration's waits are multiplied by: 0 takes every step of a rollout, and looks at its
    alarms, without a pause; 1 waits as long as it says."""


@dataclass(frozen=True)
class ContainerDefinition:
    """What a model says of one of its containers, with the role that fetches its data.

    A multi-model container's data is the prefix that its models are under.
    """

    model_name: str
    image: str
    environment: dict[str, str]
    model_data_uri: str | None
    is_compressed: bool
    execution_role_arn: str | None
    hostname: str | None = None
    is_multi_model: bool = False


@dataclass(frozen=True)
class FleetKey:
    """One generation of an endpoint's instances: every deployment brings up a new one (blue/green)."""

    account_id: str
    region: str
    endpoint_name: str
    generation: int

    @property
    def path(self) -> str:
        """The fleet's folder, relative to where endpoints are kept; also its name at the host."""
        return f"{self.account_id}/{self.region}/{self.endpoint_name}/{self.generation}"


@dataclass(frozen=True)
class FleetVariant:
    """One production variant of a fleet; `problem` says why it cannot be served, where that is known beforehand.

    Several containers are an inference pipeline, each getting what the one before it answered, unless they are invoked
    directly, by their hostnames. A variant that starts cold, a serverless one, has no container running until it is
    called.
    """

    name: str
    containers: tuple[ContainerDefinition, ...]
    startup_timeout_seconds: int | None = None
    problem: str | None = None
    is_invoked_directly: bool = False
    starts_cold: bool = False

    def label(self, position: int) -> str:
        """What a container is called in messages: `primary` where it is the only one."""
        hostname = self.containers[position].hostname
        return hostname or ("primary" if len(self.containers) == 1 else f"container-{position + 1}")

    def hosted_name(self, position: int) -> str:
        """What a container is called where it runs, and in the name of its log."""
        return self.name if len(self.containers) == 1 else f"{self.name}.{self.label(position)}"


@dataclass(frozen=True)
class Fleet:
    """What is to be brought up."""

    key: FleetKey
    variants: tuple[FleetVariant, ...]

    def variant(self, name: str) -> FleetVariant:
        """The variant of that name."""
        return next(one for one in self.variants if one.name == name)


@dataclass(frozen=True)
class FleetOutcome:
    """How a deployment's fleet came up: in service where `failure_reason` is None."""

    failure_reason: str | None


@dataclass
class RolloutWaits:
    """What the waits of the rollouts that begin from now on are multiplied by; a rehearsal sets it."""

    factor: float


class FleetHost(Protocol):
    """Brings fleets up and takes them down."""

    def deploy(self, fleet: Fleet) -> FleetOutcome | None:
        """Begin to bring up `fleet`. The outcome, where it is known at once; None where it is reported later."""
        ...

    def retire(self, key: FleetKey) -> None:
        """The fleet serves nobody any more."""
        ...


class UnhostedFleets:
    """Endpoints come into service at once and load no model; InvokeEndpoint says so. For tests of other things."""

    def deploy(self, fleet: Fleet) -> FleetOutcome | None:
        """In service at once."""
        del fleet
        return FleetOutcome(None)

    def retire(self, key: FleetKey) -> None:
        """Nothing was brought up."""


class Mover(Protocol):
    """An endpoint that changes its state as time passes."""

    def next_transition(self) -> float | None:
        """When it next does, in seconds since the epoch; None where nothing is to be waited for."""
        ...


class FunctionHost(Protocol):
    """Runs Lambda functions."""

    def invoke_later(self, function: Any, payload: str) -> None:
        """Run moto's `function` with a JSON payload once the present request is over, and tell nobody the result."""
        ...


class UnhostedFunctions:
    """Functions are invoked and run no code. For tests of other things."""

    def invoke_later(self, function: Any, payload: str) -> None:
        """Nothing runs."""


@dataclass(frozen=True)
class Stage:
    """The cloud's surroundings."""

    times: TransitionTimes = field(default_factory=TransitionTimes)
    fleets: FleetHost = field(default_factory=UnhostedFleets)
    functions: FunctionHost = field(default_factory=UnhostedFunctions)
    rollout_waits: RolloutWaits = field(default_factory=lambda: RolloutWaits(0.0))
    moving: dict[str, Mover] = field(default_factory=dict)
    """The endpoints, by ARN, that are between two states."""


_current: list[Stage] = [Stage()]


def current() -> Stage:
    """The surroundings of this process's cloud."""
    return _current[-1]


def check_free() -> None:
    """Refuse a second cloud.

    Raises:
        CloudStartError: This process has a cloud already.
    """
    if len(_current) > 1:
        raise CloudStartError("this process has a local AWS already; stop it first (moto keeps its state in globals)")


def set_up(stage: Stage) -> None:
    """Make `stage` the current one."""
    check_free()
    _current.append(stage)


def take_down(stage: Stage) -> None:
    """Go back to what was before `stage`."""
    _current.remove(stage)


Params = dict[str, Any]
"""A request's parameters as botocore's shapes name them."""
