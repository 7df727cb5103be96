"""Samples of aws-native's SageMaker types."""

from __future__ import annotations

import json
from typing import Any

from tests.functional.provider.sample import ACCOUNT, BUCKET, EXECUTION_ROLE, ROLE_ARN, Sample

REGION = "us-east-1"
ARNS = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
TEAM = [{"key": "team", "value": "oncology"}]
OTHER_TEAM = [{"key": "team", "value": "surgery"}, {"key": "cost", "value": "1"}]
MODEL_TYPE = "aws-native:sagemaker:Model"
CONFIG_TYPE = "aws-native:sagemaker:EndpointConfig"
ENDPOINT_TYPE = "aws-native:sagemaker:Endpoint"
GROUP_TYPE = "aws-native:sagemaker:ModelPackageGroup"
JOB_TYPE = "aws-native:sagemaker:ModelQualityJobDefinition"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.5-cpu-py311"
VPC = {"securityGroupIds": ["sg-0123456789abcdef0"], "subnets": ["subnet-0123456789abcdef0"]}

MODEL: dict[str, Any] = {
    "modelName": "tumor",
    "executionRoleArn": ROLE_ARN,
    "enableNetworkIsolation": True,
    "primaryContainer": {
        "image": IMAGE,
        "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        "modelDataSource": {
            "s3DataSource": {
                "compressionType": "None",
                "s3DataType": "S3Prefix",
                "s3Uri": f"s3://{BUCKET}/releases/tumor/ab/model/",
            }
        },
    },
    "vpcConfig": VPC,
    "tags": TEAM,
}
VARIANT: dict[str, Any] = {
    "variantName": "main",
    "modelName": "tumor",
    "instanceType": "ml.m6i.large",
    "initialInstanceCount": 1.0,
    "initialVariantWeight": 1.0,
    "containerStartupHealthCheckTimeoutInSeconds": 300.0,
}
CONFIG: dict[str, Any] = {
    "endpointConfigName": "tumor-config",
    "productionVariants": [VARIANT],
    "dataCaptureConfig": {
        "enableCapture": True,
        "initialSamplingPercentage": 100.0,
        "destinationS3Uri": f"s3://{BUCKET}/capture",
        "captureOptions": [{"captureMode": "Input"}, {"captureMode": "Output"}],
        "captureContentTypeHeader": {"jsonContentTypes": ["application/json"]},
    },
    "explainerConfig": {
        "clarifyExplainerConfig": {
            "enableExplanations": "`true`",
            "shapConfig": {"shapBaselineConfig": {"mimeType": "text/csv", "shapBaseline": "1,2,3"}},
        }
    },
    "tags": TEAM,
}
SHADOW_CONFIG: dict[str, Any] = {
    "endpointConfigName": "tumor-shadow",
    "productionVariants": [VARIANT],
    "shadowProductionVariants": [{**VARIANT, "variantName": "shadow"}],
}
# Each of these three forbids something of the first: asynchronous inference takes no explainer, inference components
# have no model in the variant.
ASYNC_CONFIG: dict[str, Any] = {
    "endpointConfigName": "tumor-async",
    "productionVariants": [VARIANT],
    "asyncInferenceConfig": {
        "outputConfig": {"s3OutputPath": f"s3://{BUCKET}/async"},
        "clientConfig": {"maxConcurrentInvocationsPerInstance": 4.0},
    },
    "kmsKeyId": "0123abcd-0123-4567-89ab-0123456789ab",
    "tags": TEAM,
}
COMPONENT_CONFIG: dict[str, Any] = {
    "endpointConfigName": "tumor-components",
    "executionRoleArn": ROLE_ARN,
    "enableNetworkIsolation": True,
    "vpcConfig": VPC,
    "productionVariants": [
        {
            "variantName": "main",
            "instanceType": "ml.m6i.large",
            "initialInstanceCount": 1.0,
            "managedInstanceScaling": {"status": "ENABLED", "minInstanceCount": 1.0, "maxInstanceCount": 2.0},
            "routingConfig": {"routingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
        }
    ],
}
ENDPOINT: dict[str, Any] = {"endpointName": "dev-tumor", "endpointConfigName": CONFIG["endpointConfigName"]}
STANDING_MODEL = (EXECUTION_ROLE, (MODEL_TYPE, MODEL))
STANDING_ENDPOINT = (*STANDING_MODEL, (CONFIG_TYPE, CONFIG), (ENDPOINT_TYPE, ENDPOINT))
COMPONENT_ENDPOINT = (
    *STANDING_MODEL,
    (CONFIG_TYPE, COMPONENT_CONFIG),
    (ENDPOINT_TYPE, {"endpointName": "components", "endpointConfigName": COMPONENT_CONFIG["endpointConfigName"]}),
)
ENDPOINT_INPUT = {"endpointName": "dev-tumor", "localPath": "/opt/ml/processing/input"}
OUTPUT = {
    "monitoringOutputs": [
        {"s3Output": {"localPath": "/opt/ml/processing/output", "s3Uri": f"s3://{BUCKET}/monitoring"}}
    ]
}
ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
JOB: dict[str, Any] = {
    "roleArn": ROLE_ARN,
    "jobResources": {"clusterConfig": {"instanceCount": 1.0, "instanceType": "ml.m5.large", "volumeSizeInGb": 20.0}},
    "stoppingCondition": {"maxRuntimeInSeconds": 1800.0},
    "networkConfig": {"enableNetworkIsolation": True},
    "tags": TEAM,
}
GROUND_TRUTH = {"s3Uri": f"s3://{BUCKET}/truth"}
MODEL_QUALITY_JOB: dict[str, Any] = {
    **JOB,
    "jobDefinitionName": "tumor-model-quality",
    "modelQualityAppSpecification": {"imageUri": ANALYZER, "problemType": "BinaryClassification"},
    "modelQualityJobInput": {
        "endpointInput": {**ENDPOINT_INPUT, "inferenceAttribute": "score", "startTimeOffset": "-PT1H"},
        "groundTruthS3Input": GROUND_TRUTH,
    },
    "modelQualityJobOutputConfig": OUTPUT,
}
SCHEDULE: dict[str, Any] = {
    "monitoringScheduleName": "tumor-quality",
    "monitoringScheduleConfig": {
        "monitoringJobDefinitionName": "tumor-model-quality",
        "monitoringType": "ModelQuality",
        "scheduleConfig": {"scheduleExpression": "cron(0 * ? * * *)"},
    },
    "tags": TEAM,
}
SPECIFICATION: dict[str, Any] = {
    "containers": [{"image": IMAGE, "modelDataUrl": f"s3://{BUCKET}/model.tar.gz", "environment": {"A": "b"}}],
    "supportedContentTypes": ["application/json"],
    "supportedResponseMimeTypes": ["application/json"],
    "supportedRealtimeInferenceInstanceTypes": ["ml.m6i.large"],
}
DEFINITION = {"Version": "2020-12-01", "Parameters": [], "Steps": []}
COMPONENT: dict[str, Any] = {
    "inferenceComponentName": "tumor",
    "endpointName": "components",
    "variantName": "main",
    "specification": {
        "modelName": "tumor",
        "computeResourceRequirements": {"numberOfCpuCoresRequired": 1.0, "minMemoryRequiredInMb": 1024.0},
    },
    "runtimeConfig": {"copyCount": 1.0},
    "tags": TEAM,
}
EXPERIMENT: dict[str, Any] = {
    "name": "tumor-shadow",
    "type": "ShadowMode",
    "roleArn": ROLE_ARN,
    "endpointName": "dev-tumor",
    "description": "Does the new one do as well?",
    "modelVariants": [
        {
            "modelName": "tumor",
            "variantName": variant,
            "infrastructureConfig": {
                "infrastructureType": "RealTimeInference",
                "realTimeInferenceConfig": {"instanceCount": 1.0, "instanceType": "ml.m6i.large"},
            },
        }
        for variant in ("main", "shadow")
    ],
    "shadowModeConfig": {
        "sourceModelVariantName": "main",
        "shadowModelVariants": [{"samplingPercentage": 50.0, "shadowModelVariantName": "shadow"}],
    },
    "tags": TEAM,
}
OUTPUTS_IN_TRUTH = "an output in truth: AWS alone sets it"
NO_REQUEST = "no request of SageMaker's changes it, which the provider says; see test_provider_native"


def group_policy(sid: str) -> dict[str, Any]:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": ["sagemaker:DescribeModelPackageGroup"],
        "Resource": f"{ARNS}:model-package-group/tumor",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


SAMPLES = (
    Sample(
        MODEL_TYPE,
        MODEL,
        f"{ARNS}:model/tumor",
        needs=(EXECUTION_ROLE,),
        updates={"tags": OTHER_TEAM},
        replaces={"enableNetworkIsolation": False, "primaryContainer": {"image": IMAGE}, "modelName": "other"},
    ),
    *(
        Sample(
            CONFIG_TYPE,
            config,
            f"{ARNS}:endpoint-config/{config['endpointConfigName']}",
            needs=STANDING_MODEL,
            updates={"tags": OTHER_TEAM},
            replaces={"endpointConfigName": "other"},
        )
        for config in (CONFIG, SHADOW_CONFIG, ASYNC_CONFIG, COMPONENT_CONFIG)
    ),
    Sample(
        "aws-native:sagemaker:DataQualityJobDefinition",
        {
            **JOB,
            "jobDefinitionName": "tumor-data-quality",
            "dataQualityAppSpecification": {
                "imageUri": ANALYZER,
                "environment": {"publish_cloudwatch_metrics": "Enabled"},
            },
            "dataQualityJobInput": {"endpointInput": ENDPOINT_INPUT},
            "dataQualityJobOutputConfig": OUTPUT,
            "dataQualityBaselineConfig": {"statisticsResource": {"s3Uri": f"s3://{BUCKET}/statistics.json"}},
        },
        f"{ARNS}:data-quality-job-definition/tumor-data-quality",
        needs=STANDING_ENDPOINT,
        replaces={"stoppingCondition": {"maxRuntimeInSeconds": 900.0}, "tags": OTHER_TEAM},
    ),
    Sample(
        JOB_TYPE,
        MODEL_QUALITY_JOB,
        f"{ARNS}:model-quality-job-definition/tumor-model-quality",
        needs=STANDING_ENDPOINT,
        replaces={"roleArn": f"{ROLE_ARN}-2"},
    ),
    Sample(
        "aws-native:sagemaker:ModelBiasJobDefinition",
        {
            **JOB,
            "jobDefinitionName": "tumor-bias",
            "modelBiasAppSpecification": {"imageUri": CLARIFY, "configUri": f"s3://{BUCKET}/bias.json"},
            "modelBiasJobInput": {"endpointInput": ENDPOINT_INPUT, "groundTruthS3Input": GROUND_TRUTH},
            "modelBiasJobOutputConfig": OUTPUT,
        },
        f"{ARNS}:model-bias-job-definition/tumor-bias",
        needs=STANDING_ENDPOINT,
        replaces={"jobDefinitionName": "other"},
    ),
    Sample(
        "aws-native:sagemaker:ModelExplainabilityJobDefinition",
        {
            **JOB,
            "jobDefinitionName": "tumor-explainability",
            "modelExplainabilityAppSpecification": {"imageUri": CLARIFY, "configUri": f"s3://{BUCKET}/explain.json"},
            "modelExplainabilityJobInput": {"endpointInput": ENDPOINT_INPUT},
            "modelExplainabilityJobOutputConfig": OUTPUT,
        },
        f"{ARNS}:model-explainability-job-definition/tumor-explainability",
        needs=STANDING_ENDPOINT,
        replaces={"jobDefinitionName": "other"},
    ),
    Sample(
        "aws-native:sagemaker:MonitoringSchedule",
        SCHEDULE,
        f"{ARNS}:monitoring-schedule/tumor-quality",
        needs=(*STANDING_ENDPOINT, (JOB_TYPE, MODEL_QUALITY_JOB)),
        updates={
            "tags": OTHER_TEAM,
            "monitoringScheduleConfig": {
                **SCHEDULE["monitoringScheduleConfig"],
                "scheduleConfig": {"scheduleExpression": "cron(0 0 ? * * *)"},
            },
        },
        excused=dict.fromkeys(
            ("endpointName", "failureReason", "lastMonitoringExecutionSummary", "monitoringScheduleStatus"),
            OUTPUTS_IN_TRUTH,
        ),
    ),
    Sample(
        GROUP_TYPE,
        {
            "modelPackageGroupName": "tumor",
            "modelPackageGroupDescription": "Tumor segmentation.",
            "modelPackageGroupPolicy": group_policy("one"),
            "tags": TEAM,
        },
        f"{ARNS}:model-package-group/tumor",
        updates={"tags": OTHER_TEAM, "modelPackageGroupPolicy": group_policy("two")},
        together=({"modelPackageGroupPolicy": None},),
        replaces={"modelPackageGroupDescription": "Other."},
    ),
    Sample(
        "aws-native:sagemaker:ModelPackage",
        {
            "modelPackageGroupName": "tumor",
            "modelPackageDescription": "The first.",
            "inferenceSpecification": SPECIFICATION,
            "modelApprovalStatus": "PendingManualApproval",
            "customerMetadataProperties": {"dataset": "2026-01"},
            "domain": "COMPUTER_VISION",
        },
        f"{ARNS}:model-package/tumor/1",
        needs=((GROUP_TYPE, {"modelPackageGroupName": "tumor"}),),
        updates={
            "modelApprovalStatus": "Approved",
            "approvalDescription": "Good enough.",
            "customerMetadataProperties": {"site": "Bern"},
            "tags": OTHER_TEAM,
        },
        excused={
            **dict.fromkeys(("modelPackageStatusDetails", "modelPackageVersion"), OUTPUTS_IN_TRUTH),
            **dict.fromkeys(
                (
                    "additionalInferenceSpecifications",
                    "certifyForMarketplace",
                    "modelPackageName",
                    "skipModelValidation",
                ),
                NO_REQUEST,
            ),
            "additionalInferenceSpecificationsToAdd": "adds to what stands, and is told as what stands",
            "modelCard": "moto keeps no model card of a package",
            "sourceUri": "moto keeps no source of a package",
        },
        replaces={"modelPackageDescription": "Other."},
    ),
    Sample(
        "aws-native:sagemaker:Pipeline",
        {
            "pipelineName": "retrain",
            "pipelineDefinition": {"pipelineDefinitionBody": json.dumps(DEFINITION)},
            "pipelineDescription": "Trains anew.",
            "pipelineDisplayName": "retrain",
            "roleArn": ROLE_ARN,
            "parallelismConfiguration": {"maxParallelExecutionSteps": 2.0},
            "tags": TEAM,
        },
        "retrain",
        needs=(EXECUTION_ROLE,),
        updates={
            "pipelineDefinition": {"pipelineDefinitionBody": json.dumps({**DEFINITION, "Metadata": {}})},
            "pipelineDescription": "Trains again.",
            "pipelineDisplayName": "again",
            "roleArn": f"{ROLE_ARN}-2",
            "parallelismConfiguration": {"maxParallelExecutionSteps": 3.0},
            "tags": OTHER_TEAM,
        },
        replaces={"pipelineName": "other"},
    ),
    Sample(
        "aws-native:sagemaker:InferenceComponent",
        COMPONENT,
        f"{ARNS}:inference-component/tumor",
        needs=COMPONENT_ENDPOINT,
        updates={
            "runtimeConfig": {"copyCount": 2.0},
            "specification": {
                "modelName": "tumor",
                "computeResourceRequirements": {"numberOfCpuCoresRequired": 2.0, "minMemoryRequiredInMb": 1024.0},
            },
            "tags": OTHER_TEAM,
        },
        unread=("runtimeConfig.copyCount",),
        unseen={"runtimeConfig": "CloudFormation's schema has the count as write-only: scaling moves it"},
        excused={
            "deploymentConfig": "goes with an update only, and AWS tells the last one",
            "endpointArn": OUTPUTS_IN_TRUTH,
            "specifications": "several instance types, in the place of specification",
            **dict.fromkeys(("endpointName", "inferenceComponentName", "variantName"), NO_REQUEST),
        },
        waits_for="create_inference_component",
    ),
    Sample(
        "aws-native:sagemaker:InferenceExperiment",
        EXPERIMENT,
        "tumor-shadow",
        needs=STANDING_ENDPOINT,
        updates={
            "description": "Does it?",
            "shadowModeConfig": {
                **EXPERIMENT["shadowModeConfig"],
                "shadowModelVariants": [{"samplingPercentage": 25.0, "shadowModelVariantName": "shadow"}],
            },
            "dataStorageConfig": {"destination": f"s3://{BUCKET}/shadow"},
            "tags": OTHER_TEAM,
        },
        excused={
            "schedule": "an experiment lasts at most 30 days from now, and a table knows no now",
            "modelVariants": "the variants of a running experiment stay",
            "desiredState": "starts and stops the experiment; see test_provider_native",
            "statusReason": "goes with desiredState",
        },
        replaces={"endpointName": "other", "roleArn": f"{ROLE_ARN}-2"},
        waits_for="create_inference_experiment",
    ),
)
