"""The rules that SageMaker holds a deployment configuration, and an update, to: one table, each with its source.

Wordings are guesses, and so is that the exclusions of rolling updates are refused rather than ignored.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from greenroom.sandbox.cloud.stage import Params

DG = "https://docs.aws.amazon.com/sagemaker/latest/dg"
API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"


@dataclass(frozen=True)
class SizeLimits:
    """What part of a variant's instances a size may be, in percent."""

    member: str
    least_percent: int
    most_percent: int


CANARY = SizeLimits("CanarySize", 1, 50)
LINEAR = SizeLimits("LinearStepSize", 10, 50)
ROLLING = SizeLimits("MaximumBatchSize", 5, 50)
ROLLBACK = SizeLimits("RollbackMaximumBatchSize", 1, 100)


@dataclass(frozen=True)
class NewUpdate:
    """What the rules look at: the deployment configuration, and the variants before and after.

    Both are empty at CreateEndpoint, which only keeps the configuration for later.
    """

    deployment_config: Params
    before: tuple[Params, ...] = ()
    after: tuple[Params, ...] = ()
    instance_counts: tuple[int, ...] = ()

    @property
    def routing(self) -> Params:
        """TrafficRoutingConfiguration; empty where there is none."""
        policy = self.deployment_config.get("BlueGreenUpdatePolicy") or {}
        routing: Params = policy.get("TrafficRoutingConfiguration") or {}
        return routing

    @property
    def rolling(self) -> Params | None:
        """RollingUpdatePolicy."""
        return self.deployment_config.get("RollingUpdatePolicy")

    @property
    def sizes(self) -> list[tuple[SizeLimits, Params]]:
        """Every size that the configuration gives, with its limits."""
        rolling = self.rolling or {}
        given = [(CANARY, self.routing), (LINEAR, self.routing), (ROLLING, rolling), (ROLLBACK, rolling)]
        return [(limits, where[limits.member]) for limits, where in given if where.get(limits.member) is not None]


Check = Callable[[NewUpdate], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """One rule: where AWS says it, and what tells how it is broken."""

    source: str
    broken_by: Check


def violations(update: NewUpdate) -> list[str]:
    """How the update breaks the rules."""
    return [message for rule in RULES for message in rule.broken_by(update)]


def _one_policy(update: NewUpdate) -> Iterator[str]:
    if update.rolling is not None and update.routing:
        yield "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy may be given in a DeploymentConfig."


def _size_of_the_type(update: NewUpdate) -> Iterator[str]:
    wanted = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}
    kind = update.routing.get("Type")
    for name, member in wanted.items():
        if kind == name and update.routing.get(member) is None:
            yield f"TrafficRoutingConfiguration of type {kind} needs {member}."
        if kind != name and update.routing.get(member) is not None:
            yield f"{member} can be given with TrafficRoutingConfiguration of type {name} only, not {kind}."


def _sizes(update: NewUpdate) -> Iterator[str]:
    for limits, size in update.sizes:
        if size["Type"] == "CAPACITY_PERCENT":
            yield from _size(limits, size, float(size["Value"]), "the fleet")
            continue
        for variant, count in zip(update.after, update.instance_counts, strict=True):
            percent = 100 * size["Value"] / count
            yield from _size(limits, size, percent, f"the {count} instance(s) of variant {variant['VariantName']}")


def _size(limits: SizeLimits, size: Params, percent: float, whole: str) -> Iterator[str]:
    if not limits.least_percent <= percent <= limits.most_percent:
        yield (
            f"{limits.member} of {size['Value']} ({size['Type']}) is {percent:g}% of {whole}; it must be "
            f"between {limits.least_percent}% and {limits.most_percent}%."
        )


def _same_variants(update: NewUpdate) -> Iterator[str]:
    before, after = ({one["VariantName"] for one in some} for some in (update.before, update.after))
    if (update.routing or update.rolling is not None) and before != after:
        yield (
            f"With a DeploymentConfig the variants must have the same names as before, {', '.join(sorted(before))}, "
            f"not {', '.join(sorted(after))}."
        )


def _rolling_exclusions(update: NewUpdate) -> Iterator[str]:
    if update.rolling is None:
        return
    if any(one.get("ServerlessConfig") is not None for one in update.after):
        yield "RollingUpdatePolicy is not supported for serverless endpoints."
    if len(update.after) > 1:
        yield "RollingUpdatePolicy is not supported for endpoints of several variants."


RULES: tuple[Rule, ...] = (
    Rule(f"{API}/API_BlueGreenUpdatePolicy.html", _one_policy),
    Rule(f"{API}/API_TrafficRoutingConfig.html", _size_of_the_type),
    Rule(f"{API}/API_TrafficRoutingConfig.html and {API}/API_RollingUpdatePolicy.html", _sizes),
    Rule(f"{DG}/deployment-guardrails-exclusions.html", _same_variants),
    Rule(f"{DG}/deployment-guardrails-exclusions.html", _rolling_exclusions),
)
