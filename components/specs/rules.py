"""Rules between the parts of one model's spec: each is fine alone, and AWS would refuse or ignore them together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.specs.fields import duplicates
from components.specs.instance_types import INSTANCE_TYPES
from components.specs.rollout import PROVIDER_WAITING_LIMIT_SECONDS, PROVISIONING_SECONDS, AllAtOnce, Rolling
from components.specs.violations import Rule, SpecPath, quote

if TYPE_CHECKING:
    from components.specs.instance_types import InstanceType
    from components.specs.model_spec import ModelSpec
    from components.specs.serving import ProductionVariant


def model_rules(spec: ModelSpec) -> list[Rule]:
    """Every rule that `spec` breaks."""
    return [
        rule
        for rules in (_instance_rules, _scaling_rules, _rollout_rules, _waiting_rules, _monitor_rules, _security_rules)
        for rule in rules(spec)
    ]


def variants(spec: ModelSpec) -> Iterator[tuple[SpecPath, ProductionVariant, InstanceType]]:
    """Each production variant with its place and what is known of its instance type."""
    for index, variant in enumerate(spec.serving.production_variants):
        yield ("serving", "production_variants", index), variant, INSTANCE_TYPES[variant.instance_type]


def _instance_rules(spec: ModelSpec) -> Iterator[Rule]:
    for path, variant, instance in variants(spec):
        if instance.local_storage_gb and variant.volume_size_gb is not None:
            # https://docs.aws.amazon.com/sagemaker/latest/dg/host-instance-storage.html
            yield Rule(
                (*path, "volume_size_gb"),
                f"{instance.name} stores on its own {instance.local_storage_gb} GB disk and takes no volume",
                variant.volume_size_gb,
                fix="leave volume_size_gb out, or take an instance type without local storage",
            )


def _scaling_rules(spec: ModelSpec) -> Iterator[Rule]:
    if spec.scaling is None:
        return
    for path, variant, instance in variants(spec):
        if instance.is_burstable:
            # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
            yield Rule(
                (*path, "instance_type"),
                f"{quote(variant.instance_type)} is burstable, and cannot be scaled automatically",
                variant.instance_type,
                allowed="an instance type that is not ml.t…, such as ml.m5.large",
                fix="take another instance type, or leave `scaling` out",
            )


def _rollout_rules(spec: ModelSpec) -> Iterator[Rule]:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
    rollout = spec.rollout
    count = len(spec.serving.production_variants)
    if isinstance(rollout, Rolling) and count > 1:
        yield Rule(
            ("rollout", "kind"),
            f"a rolling deployment takes one production variant, and there are {count}",
            rollout.kind,
            allowed="all_at_once, canary or linear with several variants",
        )
    if isinstance(rollout, AllAtOnce):
        return
    for path, variant, instance in variants(spec):
        if instance.family == "inf1":
            yield Rule(
                (*path, "instance_type"),
                f"{variant.instance_type} is excluded from SageMaker's guardrails: {rollout.kind} would be ignored",
                variant.instance_type,
                fix="take rollout kind all_at_once, or another instance type such as ml.inf2.xlarge",
            )


def _waiting_rules(spec: ModelSpec) -> Iterator[Rule]:
    rollout = spec.rollout
    over = rollout.duration_seconds - PROVIDER_WAITING_LIMIT_SECONDS
    if over > 0:
        yield Rule(
            ("rollout", "wait_seconds"),
            f"the rollout may take {rollout.duration_seconds} s ({rollout.steps} x {rollout.wait_seconds} s of waits, "
            f"{getattr(rollout, 'termination_wait_seconds', 0)} s before the old fleet goes, {PROVISIONING_SECONDS} s "
            f"to start the new one): {over} s longer than the deployment waits",
            rollout.wait_seconds,
            allowed=f"{PROVIDER_WAITING_LIMIT_SECONDS} s in all",
            fix="shorten the waits, or take fewer steps",
        )


def _monitor_rules(spec: ModelSpec) -> Iterator[Rule]:
    for index, kind in duplicates(monitor.kind for monitor in spec.monitors):
        yield Rule(("monitors", index), f"a second {kind} monitor", kind, fix="keep one of each kind")
    for index, monitor in enumerate(spec.monitors):
        problem = _captured_input_problem(spec)
        if problem is not None:
            yield Rule(
                ("monitors", index),
                f"a {monitor.kind} monitor reads captured input, and {problem[0]}: every run would fail",
                monitor.kind,
                fix=problem[1],
            )


def _captured_input_problem(spec: ModelSpec) -> tuple[str, str] | None:
    """What is wrong with the captured data, and what to do. No captured data is a failed run (not "no drift").

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-faqs.html
    """
    capture = spec.data_capture
    if capture is None:
        return "data_capture is absent", "add `data_capture: {}`"
    if "input" not in capture.capture:
        return "data_capture.capture leaves the input out", "add `input` to data_capture.capture"
    if capture.sampling_percentage == 0:
        return "data_capture.sampling_percentage is 0", "capture at least 1 percent"
    if not (*capture.csv_content_types, *capture.json_content_types):
        return "data_capture keeps no content type as text", "add text/csv or application/json"
    return None


def _security_rules(spec: ModelSpec) -> Iterator[Rule]:
    if spec.security.network_isolation and spec.security.extra_read_prefixes:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html
        yield Rule(
            ("security", "extra_read_prefixes"),
            "containers in network isolation reach no S3 prefix",
            list(spec.security.extra_read_prefixes),
            fix="leave extra_read_prefixes out, or network_isolation off",
        )
