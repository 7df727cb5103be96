"""Rules between the files of a project: what is named is there, and models fit the environments they go to."""

from __future__ import annotations

from collections.abc import Iterator

from components.specs.deployment_rules import deployment_rules, endpoint_name
from components.specs.environment import Environment
from components.specs.loading import Loaded, Source
from components.specs.merging import Layer
from components.specs.model_spec import ModelSpec
from components.specs.reading import violation_of
from components.specs.resolved import effective_spec
from components.specs.violations import Rule, SpecError, SpecPath, Violation, did_you_mean, quote

Effective = dict[tuple[str, str], ModelSpec]


def project_violations(loaded: Loaded) -> tuple[Effective, list[Violation]]:
    """Each environment's models as it has them, and everything that does not fit."""
    effective: Effective = {}
    violations: list[Violation] = []
    for name, source in loaded.environments.items():
        rules = (*_unknown_models(source.spec, loaded), *_region_rules(source.spec, loaded))
        violations.extend(violation_of(rule, (source.layer,)) for rule in rules)
        for model in _models_to_check(source.spec, loaded):
            spec, found = _effective(loaded.models[model], source, loaded)
            violations.extend(found)
            if spec is not None and model in source.spec.releases:
                effective[name, model] = spec
    violations.extend(_endpoint_collisions(loaded))
    return effective, violations


def _models_to_check(environment: Environment, loaded: Loaded) -> list[str]:
    """Models deployed or written about here; where there are none, all: defaults are to be checked all the same."""
    concerned = {*environment.releases, *environment.overrides}
    if environment.defaults and not concerned:
        concerned = set(loaded.models)
    return sorted(name for name in concerned if name in loaded.models)


def _effective(
    model: Source[ModelSpec], environment: Source[Environment], loaded: Loaded
) -> tuple[ModelSpec | None, list[Violation]]:
    layers = _layers(model, environment)
    try:
        spec = effective_spec(model.spec, environment.spec, layers)
    except SpecError as error:
        return None, list(error.violations)
    if loaded.artifacts is None or model.spec.name not in environment.spec.releases:
        return spec, []
    # The region is the environment's own matter, and told at its own line.
    rules = (rule for rule in deployment_rules(spec, environment.spec, loaded.artifacts.spec) if rule.path)
    return spec, [violation_of(rule, layers) for rule in rules]


def _layers(model: Source[ModelSpec], environment: Source[Environment]) -> tuple[Layer, ...]:
    written = environment.layer.value
    paths: tuple[SpecPath, SpecPath] = (("defaults",), ("overrides", model.spec.name))
    return (
        Layer(written.get("defaults", {}), environment.layer.document, paths[0]),
        model.layer,
        Layer(written.get("overrides", {}).get(model.spec.name, {}), environment.layer.document, paths[1]),
    )


def _unknown_models(environment: Environment, loaded: Loaded) -> Iterator[Rule]:
    known = sorted(loaded.present_models)
    named: list[tuple[SpecPath, str]] = [
        *((("releases", name), name) for name in environment.releases),
        *((("overrides", name), name) for name in environment.overrides),
        *(
            (("groups", group, index), name)
            for group, names in environment.groups.items()
            for index, name in enumerate(names)
        ),
    ]
    for path, name in named:
        if name not in loaded.present_models:
            yield Rule(
                path,
                f"there is no model {quote(name)}",
                name,
                allowed=", ".join(known) or "none: there is no models/NAME/model.yaml",
                fix=did_you_mean(name, known) or f"write models/{name}/model.yaml",
            )


def _region_rules(environment: Environment, loaded: Loaded) -> Iterator[Rule]:
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
    if loaded.artifacts is not None and environment.region != loaded.artifacts.spec.region:
        yield Rule(
            ("region",),
            f"{quote(environment.region)} is not the artifact store's region, and SageMaker reads a model only from a "
            "bucket of its own region",
            environment.region,
            allowed=loaded.artifacts.spec.region,
            fix="give both the same region",
        )


def _endpoint_collisions(loaded: Loaded) -> Iterator[Violation]:
    """Two models with one endpoint. SageMaker does not tell upper from lower case there.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    """
    taken: dict[tuple[str, str, str], str] = {}
    for name, source in loaded.environments.items():
        environment = source.spec
        for model in environment.releases:
            endpoint = endpoint_name(environment, model)
            key = (environment.account_id, environment.region, endpoint.lower())
            owner = f"{model} of {name}"
            first = taken.setdefault(key, owner)
            if first != owner:
                yield violation_of(
                    Rule(
                        ("releases", model),
                        f"the endpoint {quote(endpoint)} is also that of {first}, in the same account and region",
                        model,
                        fix="give the environments different endpoint_name_prefixes, or the models different names",
                    ),
                    (source.layer,),
                )
