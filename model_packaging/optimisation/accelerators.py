"""What is built where the accelerator is: a TensorRT engine on a GPU instance, a Neuron artifact by a compilation job.

There is no engine without the very GPU it is for ("engines are not portable across GPUs": it is built of the ONNX
model by the GPU's own timings), so the release carries what builds it: options for onnxruntime's TensorRT execution
provider, which builds the engine at the first start and keeps it beside the model, and the same for a Triton model's
`config.pbtxt`. For AWS Inferentia, SageMaker's compilation job (Neo) does it, of the trained PyTorch or TensorFlow
model; its request is written.

Sources: https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html,
https://github.com/triton-inference-server/onnxruntime_backend#onnx-runtime-with-tensorrt-optimization,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateCompilationJob.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/neo-supported-devices-edge-frameworks.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/neo-supported-cloud.html
"""

from __future__ import annotations

import json
from typing import Any

from model_packaging.optimisation.errors import OptimisationError
from model_packaging.optimisation.spec import Neuron, TensorRt

TENSORRT_FILE = "tensorrt.json"
TRITON_FILE = "tensorrt.pbtxt"
NEURON_FILE = "neuron_compilation_job.json"

NEURON_FRAMEWORKS = {"torchscript": "PYTORCH", "tensorflow_saved_model": "TENSORFLOW"}
"""Our name of a format to the API's name of its framework, for those that compile for Inferentia."""

_BYTES_A_MIB = 1024 * 1024


def tensorrt_options(step: TensorRt) -> bytes:
    """`tensorrt.json`: the execution provider's options, for `InferenceSession(…, providers=[(NAME, OPTIONS), …])`."""
    options = {
        "trt_fp16_enable": step.precision in {"fp16", "int8"},
        "trt_int8_enable": step.precision == "int8",
        "trt_max_workspace_size": step.workspace_mib * _BYTES_A_MIB,
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": "/tmp/tensorrt",  # noqa: S108 - the container's own; /opt/ml/model is read-only
        "trt_timing_cache_enable": True,
    }
    providers = [["TensorrtExecutionProvider", options], ["CUDAExecutionProvider", {}], ["CPUExecutionProvider", {}]]
    return _document({"providers": providers})


def triton_acceleration(step: TensorRt) -> bytes:
    """`tensorrt.pbtxt`: the block that makes Triton's onnxruntime backend build the engine."""
    precision = {"fp32": "FP32", "fp16": "FP16", "int8": "INT8"}[step.precision]
    workspace = step.workspace_mib * _BYTES_A_MIB
    return (
        "optimization {\n  execution_accelerators {\n    gpu_execution_accelerator: [\n      {\n"
        '        name: "tensorrt"\n'
        f'        parameters {{ key: "precision_mode" value: "{precision}" }}\n'
        f'        parameters {{ key: "max_workspace_size_bytes" value: "{workspace}" }}\n'
        "      }\n    ]\n  }\n}\n"
    ).encode()


def neuron_compilation_job(step: Neuron, model: str, model_format: str, inputs: dict[str, list[int]]) -> bytes:
    """`neuron_compilation_job.json`: a CreateCompilationJob request but for what an account knows.

    Args:
        step: The target.
        model: The model's name; the job is named after it.
        model_format: What the trained model was recognised as.
        inputs: Input's name to its shape with every dimension fixed, which a compiler for Inferentia needs.

    Raises:
        OptimisationError: models of that format are not compiled for Inferentia.
    """
    if model_format not in NEURON_FRAMEWORKS:
        raise OptimisationError(
            f"step neuron: {model_format} models are not compiled for Inferentia; "
            f"allowed: {', '.join(sorted(NEURON_FRAMEWORKS))}"
        )
    source = {"DataInputConfig": json.dumps(inputs, sort_keys=True), "Framework": NEURON_FRAMEWORKS[model_format]}
    if step.framework_version is not None:
        source["FrameworkVersion"] = step.framework_version
    return _document(
        {
            "CompilationJobName": f"{model[:52]}-{step.target_device.replace('_', '-')}",
            "InputConfig": source,
            "OutputConfig": {"TargetDevice": step.target_device},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        }
    )


def start_neuron_compilation(
    document: bytes, sagemaker_client: Any, *, role_arn: str, model_uri: str, output_uri: str
) -> str:
    """Starts the job that a release's document describes; returns its ARN.

    Args:
        document: `neuron_compilation_job.json`.
        sagemaker_client: boto3's.
        role_arn: The role that reads the model and writes the result.
        model_uri: `s3://…/model.tar.gz` of the trained model.
        output_uri: `s3://…/` for the compiled model.
    """
    request = json.loads(document)
    request["RoleArn"] = role_arn
    request["InputConfig"]["S3Uri"] = model_uri
    request["OutputConfig"]["S3OutputLocation"] = output_uri
    return str(sagemaker_client.create_compilation_job(**request)["CompilationJobArn"])


def _document(content: object) -> bytes:
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()
