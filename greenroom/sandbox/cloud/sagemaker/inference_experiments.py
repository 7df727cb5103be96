"""Shadow tests: an experiment puts a shadow variant beside an endpoint's production variant for a while, then decides.

It makes the endpoint configurations itself, and creates or updates the endpoint with them. When its time is over, the
shadow variant is taken away; a stop says for each variant whether it is retained, removed or promoted.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceExperiment.html . How the configurations
are called, that the shadow goes at the scheduled end, and the wordings are guesses.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from moto.moto_api._internal import mock_random
from moto.sagemaker.exceptions import ConflictException
from moto.sagemaker.models import sagemaker_backends

from greenroom.sandbox.cloud import stage
from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.backends import every_backend
from greenroom.sandbox.cloud.clock import CLOCK, seconds_of
from greenroom.sandbox.cloud.sagemaker import refusals
from greenroom.sandbox.cloud.stage import Params

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.sagemaker.backend import SageMakerBackend

EVENT: Final = "inference-experiment-due"
DEFAULT_DAYS: Final = 7
LONGEST_DAYS: Final = 30
""""The default duration is 7 days", at most 30: API_InferenceExperimentSchedule."""

Phase = Literal["Created", "Running", "Completed", "Cancelled"]


@dataclass
class InferenceExperiment:
    """One experiment of one account and region. `params` is CreateInferenceExperiment's request, as updated."""

    params: Params
    arn: str
    tags: list[dict[str, str]]
    start_seconds: float
    end_seconds: float
    phase: Phase = "Created"
    reason: str | None = None
    endpoint_config_name: str | None = None
    creation_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    last_modified_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    completion_time: dt.datetime | None = None
    changed_at_seconds: float = field(default_factory=CLOCK.time)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.params["Name"])

    @property
    def endpoint_name(self) -> str:
        """The endpoint that it runs on."""
        return str(self.params["EndpointName"])

    def due(self) -> float | None:
        """When time next does something to it: starts it, or ends it."""
        return {"Created": self.start_seconds, "Running": self.end_seconds}.get(self.phase)

    def status(self, endpoint_status: str | None) -> str:
        """Creating, Created, Starting, Running, Stopping, Completed or Cancelled."""
        is_moving = endpoint_status in {"Creating", "Updating", "RollingBack"}
        if self.phase == "Created":
            lasts = stage.current().times.endpoint_creating_seconds
            return "Creating" if CLOCK.time() < self.changed_at_seconds + lasts else "Created"
        if self.phase == "Running":
            return "Starting" if is_moving else "Running"
        return "Stopping" if is_moving else self.phase

    def touch(self) -> None:
        """It was changed, now."""
        self.last_modified_time = CLOCK.utcnow()


def create(backend: SageMakerBackend, params: Params) -> InferenceExperiment:
    """CreateInferenceExperiment. It begins at its StartTime, or now.

    Raises:
        ResourceInUseException: The name is taken.
        AWSValidationException: Its variants do not fit, a model is not there, or its times are impossible.
    """
    name = params["Name"]
    if name in backend.inference_experiments:
        raise refusals.resource_in_use(f"Inference experiment {name} already exists.")
    schedule: Params = params.get("Schedule") or {}
    start = _seconds(schedule.get("StartTime")) or CLOCK.time()
    end = _seconds(schedule.get("EndTime")) or start + DEFAULT_DAYS * 86400
    broken = [*_violations(backend, params), *_wrong_times(start, end)]
    if broken:
        raise refusals.invalid(" ".join(broken))
    kept = {key: value for key, value in params.items() if key not in {"Tags", "Schedule"}}
    arn = backend.arn("inference-experiment", name)
    experiment = InferenceExperiment(kept, arn, list(params.get("Tags") or []), start, end)
    backend.inference_experiments[name] = experiment
    if start <= CLOCK.time():
        _begin(backend, experiment)
    return experiment


def find(backend: SageMakerBackend, name: str) -> InferenceExperiment:
    """The experiment of that name.

    Raises:
        ResourceNotFound: There is none.
    """
    if name not in backend.inference_experiments:
        raise refusals.resource_not_found(f"Could not find inference experiment {name}.")
    return backend.inference_experiments[name]


def update(backend: SageMakerBackend, params: Params) -> InferenceExperiment:
    """UpdateInferenceExperiment: variants and shadow before it runs; its schedule and description also while it does.

    Raises:
        ConflictException: It is over.
        AWSValidationException: What a running one cannot change, or what does not fit.
    """
    experiment = find(backend, params["Name"])
    if experiment.phase in {"Completed", "Cancelled"}:
        raise ConflictException(f"Inference experiment {experiment.name} is {experiment.phase}.")
    changes = {key: value for key, value in params.items() if key not in {"Name", "Schedule"} and value is not None}
    changed = {**experiment.params, **changes}
    schedule: Params = params.get("Schedule") or {}
    start = _seconds(schedule.get("StartTime")) or experiment.start_seconds
    end = _seconds(schedule.get("EndTime")) or experiment.end_seconds
    broken = [*_violations(backend, changed), *_wrong_times(start, end)]
    if broken:
        raise refusals.invalid(" ".join(broken))
    experiment.params, experiment.end_seconds = changed, end
    experiment.touch()
    if experiment.phase == "Created":
        experiment.start_seconds = start
    elif changes.keys() - {"Description"}:
        _deploy(backend, experiment, _production(experiment), _shadow(experiment))
    return experiment


def start(backend: SageMakerBackend, name: str) -> InferenceExperiment:
    """StartInferenceExperiment: one that waits for its time begins now.

    Raises:
        ConflictException: It runs, or is over.
    """
    experiment = find(backend, name)
    if experiment.phase != "Created":
        raise ConflictException(f"Inference experiment {name} is {experiment.phase} and cannot be started.")
    _begin(backend, experiment)
    return experiment


def stop(backend: SageMakerBackend, params: Params) -> InferenceExperiment:
    """StopInferenceExperiment: each variant is retained, removed or promoted.

    Raises:
        ConflictException: It is not running.
        AWSValidationException: An action for a variant that it has not, or nothing would be left.
    """
    experiment = find(backend, params["Name"])
    if experiment.phase not in {"Created", "Running"}:
        raise ConflictException(f"Inference experiment {experiment.name} is {experiment.phase}.")
    actions: dict[str, str] = params["ModelVariantActions"]
    variants = {one["VariantName"]: one for one in experiment.params["ModelVariants"]}
    unknown = sorted(actions.keys() - variants.keys())
    promoted = [name for name, action in actions.items() if action == "Promote"]
    source = experiment.params["ShadowModeConfig"]["SourceModelVariantName"]
    kept = promoted or [name for name in (source,) if actions.get(name, "Retain") == "Retain"]
    if unknown or not kept:
        raise refusals.invalid(
            f"ModelVariantActions names {', '.join(unknown) or 'no variant that stays'}; the experiment's variants are "
            f"{', '.join(variants)}, and one must be retained or promoted."
        )
    if experiment.phase == "Running":
        desired = {one["VariantName"]: one for one in params.get("DesiredModelVariants") or []}
        config = _variant(desired.get(kept[0], variants[kept[0]]), 1.0)
        # a promoted variant takes the production variant's place, and its name with it
        shadow = (
            [] if promoted or source not in kept or not _retains_shadow(experiment, actions) else _shadow(experiment)
        )
        _deploy(backend, experiment, [config], shadow)
    _end(experiment, "Cancelled" if params.get("DesiredState") == "Cancelled" else "Completed", params.get("Reason"))
    return experiment


def delete(backend: SageMakerBackend, name: str) -> InferenceExperiment:
    """DeleteInferenceExperiment: "does not delete your endpoint, variants, or the underlying infrastructure".

    Raises:
        ConflictException: It is running.
    """
    experiment = find(backend, name)
    if experiment.phase == "Running":
        raise ConflictException(f"Inference experiment {name} is Running; stop it first.")
    return backend.inference_experiments.pop(name)


class ExperimentSchedules:
    """A participant of the agenda: experiments begin and end by themselves."""

    def __init__(self, application: LocalAwsApplication) -> None:
        self._application = application

    def install(self) -> None:
        """Apply the event."""
        self._application.on_event(EVENT, _advance)

    def next_due(self) -> float | None:
        """When the next one begins or ends."""
        return min((due for _, one in _experiments() if (due := one.due()) is not None), default=None)

    def run(self) -> None:
        """Begin and end those that are due."""
        for backend, one in _experiments():
            due = one.due()
            if due is not None and due <= CLOCK.time():
                self._application.record(
                    EVENT, {"account_id": backend.account_id, "region": backend.region_name, "name": one.name}
                )


def _experiments() -> list[tuple[Any, InferenceExperiment]]:
    return [
        (backend, one)
        for backend in every_backend(sagemaker_backends)
        for one in list(backend.inference_experiments.values())
    ]


def _advance(attributes: dict[str, Any], body: bytes) -> None:
    del body
    backend = sagemaker_backends[attributes["account_id"]][attributes["region"]]
    experiment: InferenceExperiment = backend.inference_experiments[attributes["name"]]
    if experiment.phase == "Created":
        _begin(backend, experiment)
        return
    _deploy(backend, experiment, _production(experiment), [])
    _end(experiment, "Completed", "The scheduled end time was reached.")


def _begin(backend: SageMakerBackend, experiment: InferenceExperiment) -> None:
    experiment.phase = "Running"
    experiment.touch()
    _deploy(backend, experiment, _production(experiment), _shadow(experiment))


def _end(experiment: InferenceExperiment, phase: Phase, reason: str | None) -> None:
    experiment.phase, experiment.reason = phase, reason
    experiment.completion_time = CLOCK.utcnow()
    experiment.touch()


def _deploy(
    backend: SageMakerBackend, experiment: InferenceExperiment, production: list[Params], shadow: list[Params]
) -> None:
    """Bring the endpoint to these variants; what SageMaker refuses of it becomes the experiment's reason."""
    from moto.core.exceptions import JsonRESTError

    suffix = "".join(mock_random.choices("0123456789abcdef", k=8))
    config: Params = {
        "EndpointConfigName": f"{experiment.name[:54]}-{suffix}",
        "ProductionVariants": production,
        **({"ShadowProductionVariants": shadow} if shadow else {}),
        **_capture(experiment.params.get("DataStorageConfig")),
    }
    endpoint = {"EndpointName": experiment.endpoint_name, "EndpointConfigName": config["EndpointConfigName"]}
    try:
        backend.create_endpoint_config(config)
        if experiment.endpoint_name in backend.endpoints:
            backend.update_endpoint(endpoint)
        else:
            backend.create_endpoint(endpoint)
    except JsonRESTError as error:
        experiment.reason = str(error.message)
        return
    experiment.endpoint_config_name = config["EndpointConfigName"]


def _capture(storage: Params | None) -> Params:
    if not storage:
        return {}
    types: Params = storage.get("ContentType") or {}
    capture: Params = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": storage["Destination"],
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    if storage.get("KmsKey") is not None:
        capture["KmsKeyId"] = storage["KmsKey"]
    if types:
        capture["CaptureContentTypeHeader"] = types
    return {"DataCaptureConfig": capture}


def _production(experiment: InferenceExperiment) -> list[Params]:
    source = experiment.params["ShadowModeConfig"]["SourceModelVariantName"]
    return [_variant(one, 1.0) for one in experiment.params["ModelVariants"] if one["VariantName"] == source]


def _shadow(experiment: InferenceExperiment) -> list[Params]:
    shadows = {
        one["ShadowModelVariantName"]: one["SamplingPercentage"] / 100
        for one in experiment.params["ShadowModeConfig"]["ShadowModelVariants"]
    }
    return [
        _variant(one, shadows[one["VariantName"]])
        for one in experiment.params["ModelVariants"]
        if one["VariantName"] in shadows
    ]


def _retains_shadow(experiment: InferenceExperiment, actions: dict[str, str]) -> bool:
    shadows = [one["ShadowModelVariantName"] for one in experiment.params["ShadowModeConfig"]["ShadowModelVariants"]]
    return all(actions.get(name, "Remove") == "Retain" for name in shadows)


def _variant(variant: Params, weight: float) -> Params:
    infrastructure = variant["InfrastructureConfig"]["RealTimeInferenceConfig"]
    return {
        "VariantName": variant["VariantName"],
        "ModelName": variant["ModelName"],
        "InstanceType": infrastructure["InstanceType"],
        "InitialInstanceCount": infrastructure["InstanceCount"],
        "InitialVariantWeight": weight,
    }


def _violations(backend: SageMakerBackend, params: Params) -> list[str]:
    names = [one["VariantName"] for one in params["ModelVariants"]]
    mode: Params = params["ShadowModeConfig"]
    named = [mode["SourceModelVariantName"], *(one["ShadowModelVariantName"] for one in mode["ShadowModelVariants"])]
    broken = [
        f"ShadowModeConfig names {one}, which is no variant: {', '.join(names)}." for one in named if one not in names
    ]
    if len(set(names)) != len(names) or len(set(named)) != len(named):
        broken.append("The production variant and the shadow variant must have different names.")
    models = backend._models  # noqa: SLF001  moto has no interface
    missing = [one["ModelName"] for one in params["ModelVariants"] if one["ModelName"] not in models]
    return [*broken, *(f'Could not find model "{backend.arn("model", one)}".' for one in missing)]


def _wrong_times(start: float, end: float) -> list[str]:
    if end <= start:
        return ["The experiment's EndTime must be after its StartTime."]
    if end - start > LONGEST_DAYS * 86400:
        return [f"An experiment lasts at most {LONGEST_DAYS} days."]
    return []


def _seconds(when: dt.datetime | float | None) -> float | None:
    return seconds_of(when) if isinstance(when, dt.datetime) else when
