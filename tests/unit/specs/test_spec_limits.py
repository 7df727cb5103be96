"""Our limits are AWS's: compared with botocore's service models and with EC2's data, so that drift is seen."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, get_args

import boto3
import pytest
from botocore.loaders import Loader

from components.specs import INSTANCE_TYPES, MAX_NAME_LENGTH
from components.specs.complaints import _bounds
from components.specs.data_capture import ContentType, DataCapture
from components.specs.environment import Network
from components.specs.fields import LOG_RETENTION_DAYS, REGIONS, StartupSeconds, WaitSeconds
from components.specs.instance_types import HOSTING_INSTANCE_TYPES, PROCESSING_INSTANCE_TYPES
from components.specs.monitors import DataQuality
from components.specs.names import NAME_PATTERN
from components.specs.rollout import PROVIDER_WAITING_LIMIT_SECONDS
from components.specs.serving import ProductionVariant, RealtimeServing
from components.specs.tags import MAX_TAGS
from tests.unit.specs.generate_instance_table import TARGET, text


@cache
def shapes(service: str) -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model(service, "service-2")["shapes"]
    return found


def bounds(shape: str) -> tuple[Any, Any]:
    found = shapes("sagemaker")[shape]
    return found.get("min"), found.get("max")


def field_bounds(model: Any, field: str) -> tuple[Any, Any]:
    from components.specs.complaints import _annotation_at

    return _bounds(_annotation_at(model, (field,)))[:2]


@pytest.mark.parametrize(
    ("ours", "shape"),
    [
        (field_bounds(RealtimeServing, "production_variants"), "ProductionVariantList"),
        (field_bounds(ProductionVariant, "initial_instance_count"), "InitialTaskCount"),
        (field_bounds(ProductionVariant, "initial_variant_weight"), "VariantWeight"),
        (field_bounds(ProductionVariant, "volume_size_gb"), "ProductionVariantVolumeSizeInGB"),
        (_bounds(StartupSeconds)[:2], "ProductionVariantModelDataDownloadTimeoutInSeconds"),
        (_bounds(StartupSeconds)[:2], "ProductionVariantContainerStartupHealthCheckTimeoutInSeconds"),
        (_bounds(WaitSeconds)[:2], "WaitIntervalInSeconds"),
        (_bounds(WaitSeconds)[:2], "TerminationWaitInSeconds"),
        (field_bounds(DataCapture, "sampling_percentage"), "SamplingPercentage"),
        ((1, field_bounds(DataCapture, "csv_content_types")[1]), "CsvContentTypes"),
        ((1, field_bounds(DataCapture, "json_content_types")[1]), "JsonContentTypes"),
        (field_bounds(DataQuality, "instance_count"), "ProcessingInstanceCount"),
        (field_bounds(DataQuality, "volume_size_gb"), "ProcessingVolumeSizeInGB"),
        (field_bounds(DataQuality, "max_runtime_seconds"), "MonitoringMaxRuntimeInSeconds"),
        (field_bounds(Network, "subnet_ids"), "Subnets"),
        (field_bounds(Network, "security_group_ids"), "VpcSecurityGroupIds"),
        ((0, MAX_TAGS), "TagList"),
        ((0, MAX_NAME_LENGTH), "EndpointName"),
    ],
)
def test_a_limit_is_sagemakers(ours: tuple[Any, Any], shape: str) -> None:
    assert ours == bounds(shape)


def test_what_sagemaker_is_told_as_its_own_limit_is_one_it_takes() -> None:
    low, high = bounds("MaximumExecutionTimeoutInSeconds")

    assert low <= PROVIDER_WAITING_LIMIT_SECONDS <= high


@pytest.mark.parametrize("shape", ["EndpointName", "EndpointConfigName", "VariantName", "MonitoringScheduleName"])
def test_names_have_sagemakers_pattern(shape: str) -> None:
    assert shapes("sagemaker")[shape]["pattern"] == NAME_PATTERN


def test_content_types_have_sagemakers_pattern() -> None:
    (matching,) = get_args(ContentType)[1:]

    assert shapes("sagemaker")["CsvContentType"]["pattern"].replace(r"\/", "/") == matching.pattern


def test_the_instance_types_are_those_of_sagemaker() -> None:
    assert set(shapes("sagemaker")["ProductionVariantInstanceType"]["enum"]) == HOSTING_INSTANCE_TYPES
    assert set(shapes("sagemaker")["ProcessingInstanceType"]["enum"]) == PROCESSING_INSTANCE_TYPES


def test_the_instance_table_is_as_generated() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run tests/unit/specs/generate_instance_table.py"


def test_the_burstable_types_are_the_t_families() -> None:
    families = {one.family for one in INSTANCE_TYPES.values() if one.is_burstable}

    assert families == {"t2", "t3"}


def test_the_regions_are_those_that_have_sagemaker() -> None:
    session = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none")
    known = {
        region
        for partition in ("aws", "aws-cn", "aws-us-gov")
        for region in session.get_available_regions("sagemaker", partition)
    }

    assert known == REGIONS


def test_log_retentions_are_those_that_cloudwatch_documents() -> None:
    documented = shapes("logs")["Days"]["documentation"].split("Possible values are:")[1].split("</p>")[0]

    assert tuple(int(days) for days in re.findall(r"\d+", documented)) == LOG_RETENTION_DAYS
