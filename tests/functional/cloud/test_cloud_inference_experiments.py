"""Shadow tests: a shadow variant beside the production one for a while, then retained, removed or promoted.

https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html
"""

from __future__ import annotations

import datetime as dt

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.slow
DAY = 86400


def model_variant(name, model):
    infrastructure = {"InstanceType": "ml.m5.large", "InstanceCount": 2}
    return {
        "VariantName": name,
        "ModelName": model,
        "InfrastructureConfig": {
            "InfrastructureType": "RealTimeInference",
            "RealTimeInferenceConfig": infrastructure,
        },
    }


def experiment(aws, **more):
    return aws.sagemaker.create_inference_experiment(
        **(
            {
                "Name": "test",
                "Type": "ShadowMode",
                "RoleArn": aws.role(),
                "EndpointName": "endpoint",
                "ModelVariants": [model_variant("Production", "old"), model_variant("Shadow", "new")],
                "ShadowModeConfig": {
                    "SourceModelVariantName": "Production",
                    "ShadowModelVariants": [{"ShadowModelVariantName": "Shadow", "SamplingPercentage": 40}],
                },
            }
            | more
        )
    )


def described(aws):
    return aws.sagemaker.describe_inference_experiment(Name="test")


def variants(aws):
    """The endpoint's production and shadow variants: name and weight."""
    told = aws.sagemaker.describe_endpoint(EndpointName="endpoint")
    both = told["ProductionVariants"], told.get("ShadowProductionVariants", [])
    return [[(one["VariantName"], one["CurrentWeight"]) for one in side] for side in both]


def at(aws, seconds):
    return dt.datetime.fromtimestamp(aws.time.time() + seconds, tz=dt.UTC)


@pytest.fixture
def models(aws):
    aws.model("old")
    aws.model("new")
    return aws


def test_an_experiment_runs_from_its_start_to_its_end_by_itself(models):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceExperimentSchedule.html."""
    experiment(models, Schedule={"StartTime": at(models, DAY), "EndTime": at(models, 3 * DAY)})
    assert described(models)["Status"] == "Creating"
    models.time.advance(60)
    assert described(models)["Status"] == "Created"
    assert models.sagemaker.list_endpoints()["Endpoints"] == []
    models.time.advance(DAY)
    told = described(models)
    assert (told["Status"], [one["Status"] for one in told["ModelVariants"]]) == ("Running", ["InService"] * 2)
    assert variants(models) == [[("Production", 1.0)], [("Shadow", 0.4)]]
    models.time.advance(2 * DAY)
    told = described(models)
    assert (told["Status"], told["StatusReason"]) == ("Completed", "The scheduled end time was reached.")
    assert variants(models) == [[("Production", 1.0)], []]
    models.sagemaker.delete_inference_experiment(Name="test")
    assert models.sagemaker.list_inference_experiments()["InferenceExperiments"] == []


def test_without_a_schedule_it_starts_now_and_lasts_seven_days(models):
    experiment(models)
    assert described(models)["Status"] == "Starting"
    models.time.advance(60)
    told = described(models)
    assert told["Status"] == "Running"
    assert told["Schedule"]["EndTime"] - told["Schedule"]["StartTime"] == dt.timedelta(days=7)


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ({"Production": "Retain", "Shadow": "Remove"}, [[("Production", 1.0)], []]),
        ({"Production": "Retain", "Shadow": "Retain"}, [[("Production", 1.0)], [("Shadow", 0.4)]]),
        ({"Production": "Remove", "Shadow": "Promote"}, [[("Shadow", 1.0)], []]),
    ],
)
def test_a_stop_decides_about_each_variant(models, actions, expected):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopInferenceExperiment.html."""
    experiment(models)
    models.time.advance(60)
    models.sagemaker.stop_inference_experiment(Name="test", ModelVariantActions=actions, Reason="seen enough")
    assert described(models)["Status"] == "Stopping"
    models.time.advance(60)
    told = described(models)
    assert (told["Status"], told["StatusReason"]) == ("Completed", "seen enough")
    assert variants(models) == expected


def test_a_running_experiment_takes_another_share_and_another_end(models):
    experiment(models)
    models.time.advance(60)
    mode = {
        "SourceModelVariantName": "Production",
        "ShadowModelVariants": [{"ShadowModelVariantName": "Shadow", "SamplingPercentage": 90}],
    }
    models.sagemaker.update_inference_experiment(
        Name="test", ShadowModeConfig=mode, Schedule={"EndTime": at(models, DAY)}
    )
    models.time.advance(60)
    assert variants(models) == [[("Production", 1.0)], [("Shadow", 0.9)]]
    models.time.advance(DAY)
    assert described(models)["Status"] == "Completed"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {
                "ShadowModeConfig": {
                    "SourceModelVariantName": "Other",
                    "ShadowModelVariants": [{"ShadowModelVariantName": "Shadow", "SamplingPercentage": 1}],
                }
            },
            "ShadowModeConfig names Other, which is no variant: Production, Shadow.",
        ),
        ({"ModelVariants": [model_variant("Production", "old"), model_variant("Shadow", "gone")]}, "model/gone"),
        (
            {"Schedule": {"StartTime": dt.datetime(2025, 7, 2), "EndTime": dt.datetime(2025, 7, 1)}},  # noqa: DTZ001
            "EndTime must be after its StartTime",
        ),
        (
            {"Schedule": {"StartTime": dt.datetime(2025, 7, 1), "EndTime": dt.datetime(2025, 9, 1)}},  # noqa: DTZ001
            "lasts at most 30 days",
        ),
    ],
)
def test_an_experiment_that_cannot_be_is_refused(models, changes, says):
    with pytest.raises(ClientError) as refused:
        experiment(models, **changes)
    assert says in str(refused.value)
    assert models.sagemaker.list_inference_experiments()["InferenceExperiments"] == []


def test_what_an_experiment_is_not_ready_for_is_a_conflict(models):
    experiment(models)
    models.time.advance(60)
    client = models.sagemaker
    for call in (
        lambda: client.start_inference_experiment(Name="test"),
        lambda: client.delete_inference_experiment(Name="test"),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "ConflictException"
    with pytest.raises(ClientError) as refused:
        client.describe_inference_experiment(Name="other")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"
