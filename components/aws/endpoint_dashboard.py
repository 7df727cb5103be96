"""One dashboard a model, as CloudWatch's JSON: traffic, errors, latency, instances, alarms.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
from collections.abc import Iterable
from typing import Any

from components.aws.alarm_definitions import INVOCATION_METRICS_NAMESPACE, AlarmDefinition
from components.aws.arn import Arns
from components.aws.execution_role import ENDPOINT_METRICS_NAMESPACE
from components.specs.instance_types import INSTANCE_TYPES
from components.specs.resolved import ResolvedModel

GRID_WIDTH = 24
_WIDTH, _HEIGHT = 8, 6


def dashboard_body(model: ResolvedModel, alarms: Iterable[AlarmDefinition]) -> str:
    """The dashboard of `model` as JSON text: the same model always gives the same text."""
    alarm_arns = [Arns(model.account_id, model.region).of("cloudwatch", f"alarm:{alarm.name}") for alarm in alarms]
    graphs = [
        _graph(model, "Invocations a minute", _per_variant(model, "Invocations", "Sum")),
        _graph(
            model,
            "Errors a minute",
            [
                *_per_variant(model, "Invocation5XXErrors", "Sum"),
                *_per_variant(model, "Invocation4XXErrors", "Sum"),
            ],
        ),
        _graph(
            model,
            "Latency in microseconds, median and p99",
            [
                *_per_variant(model, "ModelLatency", "p50"),
                *_per_variant(model, "ModelLatency", "p99"),
                *_per_variant(model, "OverheadLatency", "p99"),
            ],
        ),
        _graph(model, "CPU in percent of all cores", _cpu(model)),
        _graph(
            model,
            "Memory and disk in percent",
            [
                *_per_variant(model, "MemoryUtilization", "Average", ENDPOINT_METRICS_NAMESPACE),
                *_per_variant(model, "DiskUtilization", "Average", ENDPOINT_METRICS_NAMESPACE),
            ],
        ),
        _graph(model, "Instances", _instance_counts(model)),
    ]
    widgets = [_title(model), *_in_rows(graphs)]
    if alarm_arns:
        widgets.append(_alarm_states(alarm_arns, below=_bottom(widgets)))
    return json.dumps({"widgets": widgets})


def dashboard_url(model: ResolvedModel) -> str:
    """The dashboard in the console."""
    domains = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}
    domain = next(
        (domain for prefix, domain in domains.items() if model.region.startswith(prefix)),
        f"{model.region}.console.aws.amazon.com",
    )
    return f"https://{domain}/cloudwatch/home?region={model.region}#dashboards/dashboard/{model.endpoint_name}"


def _title(model: ResolvedModel) -> dict[str, Any]:
    text = (
        f"# {model.endpoint_name}\n{model.description}\n\n"
        f"release **{model.release.version}** `{model.release.digest}` · owner {model.owner}"
    )
    return {"type": "text", "x": 0, "y": 0, "width": GRID_WIDTH, "height": 3, "properties": {"markdown": text}}


def _graph(model: ResolvedModel, title: str, metrics: list[list[Any]]) -> dict[str, Any]:
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "view": "timeSeries",
            "region": model.region,
            "period": 60,
            "metrics": metrics,
        },
    }


def _per_variant(
    model: ResolvedModel, metric: str, stat: str, namespace: str = INVOCATION_METRICS_NAMESPACE
) -> list[list[Any]]:
    return [
        [
            namespace,
            metric,
            "EndpointName",
            model.endpoint_name,
            "VariantName",
            variant.name,
            {"stat": stat, "label": f"{variant.name} {metric} {stat}"},
        ]
        for variant in model.serving.production_variants
    ]


def _cpu(model: ResolvedModel) -> list[list[Any]]:
    """The metric is a sum over cores; the graph shows the share of all of them."""
    lines: list[list[Any]] = []
    metrics = _per_variant(model, "CPUUtilization", "Average", ENDPOINT_METRICS_NAMESPACE)
    for index, (variant, metric) in enumerate(zip(model.serving.production_variants, metrics, strict=True)):
        vcpus = INSTANCE_TYPES[variant.instance_type].vcpus
        lines.append([{"expression": f"cpu{index} / {vcpus}", "label": f"{variant.name} CPU", "id": f"share{index}"}])
        lines.append([*metric[:-1], {"stat": "Average", "id": f"cpu{index}", "visible": False}])
    return lines


def _instance_counts(model: ResolvedModel) -> list[list[Any]]:
    """Each instance puts its utilization once a minute: as many samples a minute as there are instances."""
    return [
        [*metric[:-1], {"stat": "SampleCount", "label": variant.name}]
        for variant, metric in zip(
            model.serving.production_variants,
            _per_variant(model, "MemoryUtilization", "SampleCount", ENDPOINT_METRICS_NAMESPACE),
            strict=True,
        )
    ]


def _in_rows(graphs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    per_row = GRID_WIDTH // _WIDTH
    return [
        {
            **graph,
            "x": index % per_row * _WIDTH,
            "y": 3 + index // per_row * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
        }
        for index, graph in enumerate(graphs)
    ]


def _bottom(widgets: list[dict[str, Any]]) -> int:
    return max(int(widget["y"]) + int(widget["height"]) for widget in widgets)


def _alarm_states(alarm_arns: list[str], below: int) -> dict[str, Any]:
    # A widget shows up to 100 alarms.
    return {
        "type": "alarm",
        "x": 0,
        "y": below,
        "width": GRID_WIDTH,
        "height": _HEIGHT,
        "properties": {"title": "Alarms", "alarms": alarm_arns[:100]},
    }
