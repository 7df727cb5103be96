"""Samples of SageMaker: what serves a model, what watches its data, what it is registered as."""

from __future__ import annotations

from typing import Any

from tests.functional.provider.sample import ACCOUNT, BUCKET, EXECUTION_ROLE, ROLE_ARN, Sample, policy

MODEL_TYPE = "aws:sagemaker/model:Model"
CONFIG_TYPE = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
ENDPOINT_TYPE = "aws-native:sagemaker:Endpoint"
JOB_TYPE = "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition"
MODEL: dict[str, Any] = {
    "name": "tumor-0a1b2c3d4e",
    "executionRoleArn": ROLE_ARN,
    "enableNetworkIsolation": True,
    "primaryContainer": {
        "image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.5-cpu-py311",
        "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        "modelDataSource": {
            "s3DataSources": [
                {
                    "compressionType": "None",
                    "s3DataType": "S3Prefix",
                    "s3Uri": f"s3://{BUCKET}/releases/tumor/ab/model/",
                }
            ]
        },
    },
    "tags": {"team": "oncology"},
}
CONFIG: dict[str, Any] = {
    "name": "tumor-config-0a1b2c3d4e",
    "productionVariants": [
        {
            "variantName": "main",
            "modelName": MODEL["name"],
            "instanceType": "ml.m6i.large",
            "initialInstanceCount": 1.0,
            "initialVariantWeight": 1.0,
            "containerStartupHealthCheckTimeoutInSeconds": 300.0,
        }
    ],
    "dataCaptureConfig": {
        "enableCapture": True,
        "initialSamplingPercentage": 100.0,
        "destinationS3Uri": f"s3://{BUCKET}/capture",
        "captureOptions": [{"captureMode": "Input"}, {"captureMode": "Output"}],
        "captureContentTypeHeader": {"jsonContentTypes": ["application/json"]},
    },
    "tags": {"team": "oncology"},
}
OTHER_CONFIG: dict[str, Any] = {**CONFIG, "name": "tumor-config-ffffffffff"}
ENDPOINT: dict[str, Any] = {
    "endpointName": "dev-tumor",
    "endpointConfigName": CONFIG["name"],
    "retainAllVariantProperties": True,
    "deploymentConfig": {
        "blueGreenUpdatePolicy": {
            "trafficRoutingConfiguration": {
                "type": "CANARY",
                "canarySize": {"type": "CAPACITY_PERCENT", "value": 50.0},
                "waitIntervalInSeconds": 60.0,
            },
            "terminationWaitInSeconds": 60.0,
            "maximumExecutionTimeoutInSeconds": 1800.0,
        },
    },
    "tags": [{"key": "team", "value": "oncology"}],
}
STANDING_ENDPOINT = (
    (EXECUTION_ROLE),
    (MODEL_TYPE, MODEL),
    (CONFIG_TYPE, CONFIG),
    (CONFIG_TYPE, OTHER_CONFIG),
    (ENDPOINT_TYPE, ENDPOINT),
)
JOB: dict[str, Any] = {
    "name": "tumor-data-quality-0a1b2c3d4e",
    "roleArn": ROLE_ARN,
    "dataQualityAppSpecification": {
        "imageUri": "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
    },
    "dataQualityJobInput": {
        "endpointInput": {
            "endpointName": "dev-tumor",
            "localPath": "/opt/ml/processing/input",
            "s3DataDistributionType": "FullyReplicated",
            "s3InputMode": "File",
        }
    },
    "dataQualityJobOutputConfig": {
        "monitoringOutputs": {
            "s3Output": {
                "localPath": "/opt/ml/processing/output",
                "s3UploadMode": "EndOfJob",
                "s3Uri": f"s3://{BUCKET}/monitoring",
            }
        }
    },
    "jobResources": {"clusterConfig": {"instanceCount": 1.0, "instanceType": "ml.m5.large", "volumeSizeInGb": 20.0}},
    "stoppingCondition": {"maxRuntimeInSeconds": 1800.0},
    "tags": {"team": "oncology"},
}
SCHEDULE: dict[str, Any] = {
    "name": "tumor-data-quality",
    "monitoringScheduleConfig": {
        "monitoringJobDefinitionName": JOB["name"],
        "monitoringType": "DataQuality",
        "scheduleConfig": {"scheduleExpression": "cron(0 * ? * * *)"},
    },
    "tags": {"team": "oncology"},
}

SAMPLES = (
    Sample(
        MODEL_TYPE,
        MODEL,
        "tumor-0a1b2c3d4e",
        needs=(EXECUTION_ROLE,),
        updates={"tags": {"team": "surgery"}},
        replaces={"executionRoleArn": f"{ROLE_ARN}-2", "name": "tumor-2", "enableNetworkIsolation": False},
    ),
    Sample(
        CONFIG_TYPE,
        CONFIG,
        "tumor-config-0a1b2c3d4e",
        needs=(EXECUTION_ROLE, (MODEL_TYPE, MODEL)),
        updates={"tags": {}},
        replaces={"productionVariants": [{**CONFIG["productionVariants"][0], "instanceType": "ml.c7i.xlarge"}]},
    ),
    Sample(
        ENDPOINT_TYPE,
        ENDPOINT,
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/dev-tumor",
        needs=STANDING_ENDPOINT[:-1],
        updates={
            "endpointConfigName": OTHER_CONFIG["name"],
            "tags": [{"key": "team", "value": "surgery"}],
            "deploymentConfig": {
                "rollingUpdatePolicy": {
                    "maximumBatchSize": {"type": "CAPACITY_PERCENT", "value": 50.0},
                    "waitIntervalInSeconds": 60.0,
                }
            },
        },
        together=(
            {"retainAllVariantProperties": None, "retainDeploymentConfig": True},
            {"excludeRetainedVariantProperties": [{"variantPropertyType": "DataCaptureConfig"}]},
        ),
        replaces={"endpointName": "dev-tumor-2"},
        unread=("deploymentConfig", "retainAllVariantProperties"),
        unseen=dict.fromkeys(
            ("excludeRetainedVariantProperties", "retainDeploymentConfig"), "goes with an update, and is told nowhere"
        ),
    ),
    Sample(
        "aws:sagemaker/endpoint:Endpoint",
        {"name": "dev-plain", "endpointConfigName": CONFIG["name"], "tags": {"team": "oncology"}},
        "dev-plain",
        needs=STANDING_ENDPOINT[:-1],
        updates={"endpointConfigName": OTHER_CONFIG["name"]},
        replaces={"name": "dev-plain-2"},
    ),
    Sample(
        JOB_TYPE,
        JOB,
        "tumor-data-quality-0a1b2c3d4e",
        needs=STANDING_ENDPOINT,
        updates={"tags": {"team": "surgery"}},
        replaces={"stoppingCondition": {"maxRuntimeInSeconds": 900.0}, "roleArn": f"{ROLE_ARN}-2"},
    ),
    Sample(
        "aws:sagemaker/monitoringSchedule:MonitoringSchedule",
        SCHEDULE,
        "tumor-data-quality",
        needs=(*STANDING_ENDPOINT, (JOB_TYPE, JOB)),
        updates={
            "monitoringScheduleConfig": {
                **SCHEDULE["monitoringScheduleConfig"],
                "scheduleConfig": {"scheduleExpression": "cron(0 0 ? * * *)"},
            }
        },
        replaces={"name": "other"},
    ),
    Sample(
        "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
        {"modelPackageGroupName": "tumor", "modelPackageGroupDescription": "tumor", "tags": {"a": "b"}},
        "tumor",
        updates={"tags": {"a": "c"}},
        replaces={"modelPackageGroupDescription": "other"},
    ),
    Sample(
        "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
        {
            "modelPackageGroupName": "tumor",
            "resourcePolicy": policy("one", {"AWS": ACCOUNT}, action="sagemaker:DescribeModelPackage"),
        },
        "tumor",
        needs=(("aws:sagemaker/modelPackageGroup:ModelPackageGroup", {"modelPackageGroupName": "tumor"}),),
        updates={"resourcePolicy": policy("two", {"AWS": ACCOUNT}, action="sagemaker:DescribeModelPackage")},
        replaces={"modelPackageGroupName": "other"},
    ),
)
