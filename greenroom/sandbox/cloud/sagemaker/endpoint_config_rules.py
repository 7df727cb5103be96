"""The rules across fields that SageMaker holds an endpoint configuration to: one table, each with its source.

botocore's service model has the limits of single fields; these are in the documentation only. Whether AWS refuses at
CreateEndpointConfig or later at CreateEndpoint is not always said, and the wordings are guesses, except where a rule
names where one was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.cloud.sagemaker.instance_types import has_local_storage
from greenroom.sandbox.cloud.sagemaker.models import SageMakerModel
from greenroom.sandbox.cloud.stage import Params

DG = "https://docs.aws.amazon.com/sagemaker/latest/dg"
API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
MAX_VARIANTS = 10
SERVERLESS_MEMORY_MB = (1024, 2048, 3072, 4096, 5120, 6144)


@dataclass(frozen=True)
class NewEndpointConfig:
    """What the rules look at: the request, and the models that are there."""

    params: Params
    models: dict[str, Any]

    @property
    def production(self) -> list[Params]:
        """ProductionVariants."""
        return list(self.params["ProductionVariants"])

    @property
    def shadow(self) -> list[Params]:
        """ShadowProductionVariants."""
        return list(self.params.get("ShadowProductionVariants") or [])

    @property
    def variants(self) -> list[Params]:
        """All of them."""
        return [*self.production, *self.shadow]

    @property
    def serverless(self) -> list[Params]:
        """The serverless ones."""
        return [one for one in self.variants if one.get("ServerlessConfig") is not None]

    def model(self, variant: Params) -> SageMakerModel | None:
        """A variant's model."""
        model = self.models.get(str(variant.get("ModelName")))
        return model if isinstance(model, SageMakerModel) else None


Check = Callable[[NewEndpointConfig], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """One rule: where AWS says it, and what tells how it is broken."""

    source: str
    broken_by: Check


def violations(params: Params, models: dict[str, Any]) -> list[str]:
    """How the request breaks the rules."""
    config = NewEndpointConfig(params, models)
    return [message for rule in RULES for message in rule.broken_by(config)]


def _distinct_names(config: NewEndpointConfig) -> Iterator[str]:
    names = [one["VariantName"] for one in config.variants]
    for name in dict.fromkeys(one for one in names if names.count(one) > 1):
        yield f"Production variant names must be unique: {name}"


def _at_most_ten(config: NewEndpointConfig) -> Iterator[str]:
    count = len(config.production)
    if count > MAX_VARIANTS:
        yield f"An endpoint configuration takes at most {MAX_VARIANTS} production variants, not {count}."


def _instances_or_serverless(config: NewEndpointConfig) -> Iterator[str]:
    for one in config.variants:
        given = [name for name in ("InstanceType", "InstancePools") if one.get(name) is not None]
        if one.get("ServerlessConfig") is None and not given:
            yield f"Variant {one['VariantName']} needs an InstanceType or a ServerlessConfig."
        if one.get("ServerlessConfig") is not None:
            given += [name for name in ("InitialInstanceCount",) if one.get(name) is not None]
            if given:
                yield f"Variant {one['VariantName']} cannot have both ServerlessConfig and {' and '.join(given)}."


def _serverless_alone(config: NewEndpointConfig) -> Iterator[str]:
    if config.serverless and len(config.production) > 1:
        yield "Serverless endpoints host one production variant; multiple production variants are not supported."
    if config.serverless and config.shadow:
        yield "Serverless endpoints do not support shadow variants."


def _serverless_features(config: NewEndpointConfig) -> Iterator[str]:
    unsupported = {"DataCaptureConfig": "data capture", "AsyncInferenceConfig": "asynchronous inference"}
    for member, feature in unsupported.items():
        if config.serverless and config.params.get(member) is not None:
            yield f"Serverless endpoints do not support {feature} ({member})."
    for one in config.serverless:
        model = config.model(one)
        for feature in [] if model is None else _unsupported_by_serverless(model):
            yield f"Serverless endpoints do not support {feature}: model {model.model_name if model else ''}."


def _unsupported_by_serverless(model: SageMakerModel) -> Iterator[str]:
    if model.params.get("VpcConfig") is not None:
        yield "a VPC configuration"
    if model.params.get("EnableNetworkIsolation"):
        yield "network isolation"
    if model.is_multi_model:
        yield "multi-model endpoints"
    if len(model.containers()) > 1:
        yield "inference pipelines"


def _serverless_capacity(config: NewEndpointConfig) -> Iterator[str]:
    for one in config.serverless:
        capacity = one["ServerlessConfig"]
        if capacity["MemorySizeInMB"] not in SERVERLESS_MEMORY_MB:
            allowed = ", ".join(map(str, SERVERLESS_MEMORY_MB))
            yield f"MemorySizeInMB {capacity['MemorySizeInMB']} is not one of {allowed}."
        provisioned = capacity.get("ProvisionedConcurrency")
        if provisioned is not None and provisioned > capacity["MaxConcurrency"]:
            yield (
                f"ProvisionedConcurrency {provisioned} must be less than or equal to MaxConcurrency "
                f"{capacity['MaxConcurrency']}."
            )


def _async_alone(config: NewEndpointConfig) -> Iterator[str]:
    if config.params.get("AsyncInferenceConfig") is None:
        return
    if len(config.production) > 1:
        yield "Asynchronous inference endpoints host one production variant."
    if config.shadow:
        yield "Asynchronous inference endpoints do not support shadow variants."


def _one_shadow(config: NewEndpointConfig) -> Iterator[str]:
    if config.shadow and (len(config.production), len(config.shadow)) != (1, 1):
        yield (
            "With ShadowProductionVariants there is one variant in ProductionVariants and one in "
            f"ShadowProductionVariants, not {len(config.production)} and {len(config.shadow)}."
        )


def _shadow_features(config: NewEndpointConfig) -> Iterator[str]:
    if not config.shadow:
        return
    for one in config.variants:
        model = config.model(one)
        if str(one.get("InstanceType")).startswith("ml.inf1."):
            yield f"Shadow tests do not support Inf1 instances: variant {one['VariantName']}."
        if model is not None and model.is_multi_model:
            yield f"Shadow tests do not support multi-model endpoints: model {model.model_name}."
        if model is not None and len(model.containers()) > 1:
            yield f"Shadow tests do not support endpoints of several containers: model {model.model_name}."


def _no_key_beside_local_storage(config: NewEndpointConfig) -> Iterator[str]:
    if config.params.get("KmsKeyId") is None:
        return
    for one in config.variants:
        if has_local_storage(one.get("InstanceType")):
            yield (
                f"KmsKeyId cannot be given with instance type {one['InstanceType']}, whose local storage is encrypted "
                "by a hardware module on the instance."
            )


def _no_volume_beside_local_storage(config: NewEndpointConfig) -> Iterator[str]:
    for one in config.variants:
        if one.get("VolumeSizeInGB") is not None and has_local_storage(one.get("InstanceType")):
            yield f"VolumeSizeInGB cannot be given with instance type {one['InstanceType']}, which has local storage."


def _managed_scaling_bounds(config: NewEndpointConfig) -> Iterator[str]:
    for one in config.variants:
        scaling = one.get("ManagedInstanceScaling") or {}
        least, most, count = (
            scaling.get("MinInstanceCount"),
            scaling.get("MaxInstanceCount"),
            one.get("InitialInstanceCount"),
        )
        if least is not None and most is not None and least > most:
            yield f"Variant {one['VariantName']}: MinInstanceCount {least} is above MaxInstanceCount {most}."
        elif count is not None and ((least is not None and count < least) or (most is not None and count > most)):
            yield f"Variant {one['VariantName']}: InitialInstanceCount {count} is outside its ManagedInstanceScaling."


def _role_without_models(config: NewEndpointConfig) -> Iterator[str]:
    without = [one["VariantName"] for one in config.variants if one.get("ModelName") is None]
    if without and config.params.get("ExecutionRoleArn") is None:
        yield f"Variant {without[0]} names no model: inference components need an ExecutionRoleArn."


RULES: tuple[Rule, ...] = (
    Rule(f"{API}/API_CreateEndpointConfig.html", _distinct_names),
    Rule(f"{API}/API_CreateEndpointConfig.html", _at_most_ten),
    Rule(f"{API}/API_ProductionVariant.html", _instances_or_serverless),
    Rule(f"{DG}/serverless-endpoints.html", _serverless_alone),
    Rule(f"{DG}/serverless-endpoints.html", _serverless_features),
    Rule(f"{API}/API_ProductionVariantServerlessConfig.html", _serverless_capacity),
    Rule("https://github.com/aws/aws-cdk-rfcs/pull/433", _async_alone),
    Rule(f"{API}/API_CreateEndpointConfig.html", _one_shadow),
    Rule(f"{DG}/shadow-tests-exclusions.html", _shadow_features),
    Rule(f"{API}/API_CreateEndpointConfig.html", _no_key_beside_local_storage),
    Rule(f"{DG}/host-instance-storage.html", _no_volume_beside_local_storage),
    Rule(f"{API}/API_ProductionVariantManagedInstanceScaling.html", _managed_scaling_bounds),
    Rule(f"{DG}/realtime-endpoints-deploy-models.html", _role_without_models),
)
