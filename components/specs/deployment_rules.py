"""Rules between a model, the environment it is deployed to, and its release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.specs.analyzer_images import ANALYZER_ACCOUNTS
from components.specs.environment import ArtifactStoreSpec, Environment
from components.specs.instance_types import INSTANCE_TYPES
from components.specs.model_spec import ModelSpec
from components.specs.names import MAX_NAME_LENGTH
from components.specs.rules import variants
from components.specs.scaling import MEASURED
from components.specs.tags import MAX_TAGS, OUR_TAGS, case_rules
from components.specs.violations import Rule, quote
from model_packaging.release import Release

# AWS's images for Graviton carry one of these in their repository's name
# (https://github.com/aws/deep-learning-containers/blob/master/available_images.md).
_ARM_IMAGE_WORDS = ("graviton", "arm64", "aarch64")


def endpoint_name(environment: Environment, model: str) -> str:
    """The endpoint's stable name, such as `dev-tumor`."""
    return f"{environment.endpoint_name_prefix}{model}"


def deployment_rules(spec: ModelSpec, environment: Environment, artifacts: ArtifactStoreSpec) -> list[Rule]:
    """What keeps `spec`, as it is in `environment`, from being deployed there; paths are the spec's."""
    return [
        *_name_rules(spec, environment),
        *_region_rules(environment, artifacts),
        *_monitor_region_rules(spec, environment),
        *_volume_rules(spec, environment),
        *_tag_rules(spec, environment),
    ]


def release_rules(
    spec: ModelSpec, environment: Environment, release: Release, previous_releases: Sequence[Release]
) -> list[Rule]:
    """What keeps these releases from being deployed as `spec` in `environment`; paths are the spec's."""
    return [
        *_pin_rules(spec, environment, release, previous_releases),
        *_image_rules(spec, environment, release),
        *_baseline_rules(spec, release),
        *_load_rules(spec, release),
    ]


def _name_rules(spec: ModelSpec, environment: Environment) -> Iterator[Rule]:
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    name = endpoint_name(environment, spec.name)
    over = len(name) - MAX_NAME_LENGTH
    if over > 0:
        yield Rule(
            ("name",),
            f"the endpoint's name in {environment.name}, {quote(name)}, has {len(name)} characters, {over} too many",
            spec.name,
            allowed=f"{MAX_NAME_LENGTH} characters with the prefix {quote(environment.endpoint_name_prefix)}",
            fix=f"shorten the name or the prefix by {over}",
        )


def _region_rules(environment: Environment, artifacts: ArtifactStoreSpec) -> Iterator[Rule]:
    # "The model artifacts must be in an S3 bucket that is in the same AWS Region as the model":
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
    if environment.region != artifacts.region:
        yield Rule(
            (),
            f"the environment {environment.name} is in {environment.region}, the artifact store in {artifacts.region}",
            environment.region,
            allowed=artifacts.region,
            fix="SageMaker reads a model only from a bucket of its own region",
        )


def _monitor_region_rules(spec: ModelSpec, environment: Environment) -> Iterator[Rule]:
    if environment.region in ANALYZER_ACCOUNTS:
        return
    for index in range(len(spec.monitors)):
        yield Rule(
            ("monitors", index),
            f"AWS offers no Model Monitor in {environment.region}, the region of {environment.name}",
            environment.region,
            allowed=", ".join(sorted(ANALYZER_ACCOUNTS)),
            fix=f"set `monitors: []` in overrides.{spec.name} of {environment.name}, or deploy to another region",
        )


def _volume_rules(spec: ModelSpec, environment: Environment) -> Iterator[Rule]:
    # "You can't request a KmsKeyId when using an instance type with local storage … the call to CreateEndpointConfig
    # fails": https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
    if environment.encryption is None:
        return
    fix = "take an instance type without local storage"
    if spec.security.encrypt_volumes_with_environment_key:
        for path, variant, instance in variants(spec):
            if instance.local_storage_gb:
                yield Rule(
                    (*path, "instance_type"),
                    f"{variant.instance_type} has local storage, for which SageMaker refuses the key that "
                    f"{environment.name} encrypts volumes with",
                    variant.instance_type,
                    fix=f"{fix}, or set security.encrypt_volumes_with_environment_key: false (its hardware encrypts)",
                )
    for index, monitor in enumerate(spec.monitors):
        if INSTANCE_TYPES[monitor.instance_type].local_storage_gb:
            yield Rule(
                ("monitors", index, "instance_type"),
                f"{monitor.instance_type} has local storage, for which SageMaker refuses the key that "
                f"{environment.name} encrypts volumes with",
                monitor.instance_type,
                fix=fix,
            )


def _tag_rules(spec: ModelSpec, environment: Environment) -> Iterator[Rule]:
    tags = {**environment.default_tags, **spec.tags}
    room = MAX_TAGS - len(OUR_TAGS)
    if len(tags) > room:
        yield Rule(
            ("tags",),
            f"with {environment.name}'s default tags there are {len(tags)}, {len(tags) - room} too many",
            len(spec.tags),
            allowed=f"{room} beside our own {len(OUR_TAGS)}",
        )
    for rule in case_rules(tags):
        yield Rule(("tags", *rule.path), rule.message, rule.value, rule.allowed, rule.fix)


def _pin_rules(
    spec: ModelSpec, environment: Environment, release: Release, previous_releases: Sequence[Release]
) -> Iterator[Rule]:
    for one in (release, *previous_releases):
        if one.name != spec.name:
            message = f"the release {one.digest} is of the model {quote(one.name)}, not {quote(spec.name)}"
            yield Rule((), message, one.name)
    pin = environment.releases.get(spec.name)
    if pin is None:
        return
    given = (release.digest, *(one.digest for one in previous_releases))
    wanted = (pin.digest, *pin.previous)
    if given != wanted:
        yield Rule(
            (),
            f"{environment.name} pins {', '.join(wanted)} for {quote(spec.name)}, and was given {', '.join(given)}",
            given,
            fix="load the releases that are pinned",
        )


def _image_rules(spec: ModelSpec, environment: Environment, release: Release) -> Iterator[Rule]:
    uri = release.serving_image.uris.get(environment.region)
    if uri is None:
        yield Rule(
            (),
            f"the serving image of release {release.version} is not in {environment.region}",
            environment.region,
            allowed=", ".join(sorted(release.serving_image.uris)),
            fix="package the model with an image for this region",
        )
        return
    image_is_arm = any(word in uri for word in _ARM_IMAGE_WORDS)
    for path, variant, instance in variants(spec):
        if (instance.architecture == "arm64") != image_is_arm:
            yield Rule(
                (*path, "instance_type"),
                f"{variant.instance_type} is {instance.architecture}, and the serving image {uri} is not",
                variant.instance_type,
                fix="take an instance type of the image's architecture, or package with another image",
            )


def _load_rules(spec: ModelSpec, release: Release) -> Iterator[Rule]:
    if spec.scaling is None or spec.scaling.target_invocations_per_instance_per_minute != MEASURED:
        return
    if release.load_test is None:
        yield Rule(
            ("scaling", "target_invocations_per_instance_per_minute"),
            f"release {release.version} was packaged without a load test to take the load from",
            MEASURED,
            allowed="a number, or measured with a release that has a load test",
            fix=f"measure it (greenroom load-test models/{spec.name}) and package the model again, or write a number",
        )


def _baseline_rules(spec: ModelSpec, release: Release) -> Iterator[Rule]:
    for index, monitor in enumerate(spec.monitors):
        if monitor.baseline == "release" and not release.has_baseline:
            yield Rule(
                ("monitors", index, "baseline"),
                f"release {release.version} was packaged without a baseline to compare captured data with",
                monitor.baseline,
                allowed="none, or a release with baseline/statistics.json and baseline/constraints.json",
                fix="package the model with a baseline, or set baseline: none",
            )
