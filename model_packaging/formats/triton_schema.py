"""The fields that Triton's `config.pbtxt` may have: names and kinds, for every message of a model's configuration.

A table of facts, in the words of the original: a field's kind is a scalar, an enumeration's values, or the name of
another message; `[…]` stands for a list, and `map<…>` for a list of `key` and `value`.

Source: https://github.com/triton-inference-server/common, `protobuf/model_config.proto`
"""

from __future__ import annotations

from collections.abc import Mapping

DATA_TYPES: Mapping[str, str] = {
    "TYPE_BOOL": "bool",
    "TYPE_UINT8": "uint8",
    "TYPE_UINT16": "uint16",
    "TYPE_UINT32": "uint32",
    "TYPE_UINT64": "uint64",
    "TYPE_INT8": "int8",
    "TYPE_INT16": "int16",
    "TYPE_INT32": "int32",
    "TYPE_INT64": "int64",
    "TYPE_FP16": "float16",
    "TYPE_FP32": "float32",
    "TYPE_FP64": "float64",
    "TYPE_STRING": "str",
    "TYPE_BF16": "bfloat16",
}
"""Triton's data types in numpy's words.

https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#datatypes
"""

_DATA_TYPE = "enum:DataType"

ENUMS: Mapping[str, tuple[str, ...]] = {
    "DataType": ("TYPE_INVALID", *DATA_TYPES),
    "InstanceKind": ("KIND_AUTO", "KIND_GPU", "KIND_CPU", "KIND_MODEL"),
    "SecondaryDeviceKind": ("KIND_NVDLA",),
    "Format": ("FORMAT_NONE", "FORMAT_NHWC", "FORMAT_NCHW"),
    "BatchInputKind": (
        "BATCH_ELEMENT_COUNT", "BATCH_ACCUMULATED_ELEMENT_COUNT", "BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO",
        "BATCH_MAX_ELEMENT_COUNT_AS_SHAPE", "BATCH_ITEM_SHAPE", "BATCH_ITEM_SHAPE_FLATTEN",
    ),
    "BatchOutputKind": ("BATCH_SCATTER_WITH_INPUT_SHAPE",),
    "ModelPriority": ("PRIORITY_DEFAULT", "PRIORITY_MAX", "PRIORITY_MIN"),
    "TimeoutAction": ("REJECT", "DELAY"),
    "ControlKind": (
        "CONTROL_SEQUENCE_START", "CONTROL_SEQUENCE_READY", "CONTROL_SEQUENCE_END", "CONTROL_SEQUENCE_CORRID",
    ),
}  # fmt: skip

MESSAGES: Mapping[str, Mapping[str, str]] = {
    "ModelConfig": {
        "name": "string",
        "platform": "string",
        "backend": "string",
        "runtime": "string",
        "version_policy": "VersionPolicy",
        "max_batch_size": "int",
        "input": "[Input]",
        "output": "[Output]",
        "batch_input": "[BatchInput]",
        "batch_output": "[BatchOutput]",
        "optimization": "Optimization",
        "dynamic_batching": "DynamicBatching",
        "sequence_batching": "SequenceBatching",
        "ensemble_scheduling": "Ensembling",
        "instance_group": "[InstanceGroup]",
        "default_model_filename": "string",
        "cc_model_filenames": "map<string>",
        "metric_tags": "map<string>",
        "parameters": "map<Parameter>",
        "model_warmup": "[Warmup]",
        "model_operations": "Operations",
        "model_transaction_policy": "TransactionPolicy",
        "model_repository_agents": "RepositoryAgents",
        "response_cache": "Enable",
        "model_metrics": "Metrics",
    },
    "Input": {
        "name": "string",
        "data_type": _DATA_TYPE,
        "format": "enum:Format",
        "dims": "[int]",
        "reshape": "Reshape",
        "is_shape_tensor": "bool",
        "allow_ragged_batch": "bool",
        "optional": "bool",
        "is_non_linear_format_io": "bool",
    },
    "Output": {
        "name": "string",
        "data_type": _DATA_TYPE,
        "dims": "[int]",
        "reshape": "Reshape",
        "label_filename": "string",
        "is_shape_tensor": "bool",
        "is_non_linear_format_io": "bool",
    },
    "Reshape": {"shape": "[int]"},
    "VersionPolicy": {"latest": "Latest", "all": "All", "specific": "Specific"},
    "Latest": {"num_versions": "uint"},
    "All": {},
    "Specific": {"versions": "[int]"},
    "BatchInput": {
        "kind": "enum:BatchInputKind",
        "target_name": "[string]",
        "data_type": _DATA_TYPE,
        "source_input": "[string]",
    },
    "BatchOutput": {"target_name": "[string]", "kind": "enum:BatchOutputKind", "source_input": "[string]"},
    "InstanceGroup": {
        "name": "string",
        "kind": "enum:InstanceKind",
        "count": "int",
        "rate_limiter": "RateLimiter",
        "gpus": "[int]",
        "secondary_devices": "[SecondaryDevice]",
        "profile": "[string]",
        "passive": "bool",
        "host_policy": "string",
    },
    "RateLimiter": {"resources": "[Resource]", "priority": "uint"},
    "Resource": {"name": "string", "global": "bool", "count": "uint"},
    "SecondaryDevice": {"kind": "enum:SecondaryDeviceKind", "device_id": "int"},
    "Optimization": {
        "graph": "Graph",
        "priority": "enum:ModelPriority",
        "cuda": "Cuda",
        "execution_accelerators": "ExecutionAccelerators",
        "input_pinned_memory": "Enable",
        "output_pinned_memory": "Enable",
        "gather_kernel_buffer_threshold": "uint",
        "eager_batching": "bool",
    },
    "Graph": {"level": "int"},
    "Cuda": {
        "graphs": "bool",
        "busy_wait_events": "bool",
        "graph_spec": "[GraphSpec]",
        "output_copy_stream": "bool",
    },
    "GraphSpec": {"batch_size": "int", "input": "map<Shape>", "graph_lower_bound": "LowerBound"},
    "LowerBound": {"batch_size": "int", "input": "map<Shape>"},
    "Shape": {"dim": "[int]"},
    "ExecutionAccelerators": {
        "gpu_execution_accelerator": "[Accelerator]",
        "cpu_execution_accelerator": "[Accelerator]",
    },
    "Accelerator": {"name": "string", "parameters": "map<string>"},
    "Enable": {"enable": "bool"},
    "DynamicBatching": {
        "preferred_batch_size": "[int]",
        "max_queue_delay_microseconds": "uint",
        "preserve_ordering": "bool",
        "priority_levels": "uint",
        "default_priority_level": "uint",
        "default_queue_policy": "QueuePolicy",
        "priority_queue_policy": "map<QueuePolicy>",
    },
    "QueuePolicy": {
        "timeout_action": "enum:TimeoutAction",
        "default_timeout_microseconds": "uint",
        "allow_timeout_override": "bool",
        "max_queue_size": "uint",
    },
    "SequenceBatching": {
        "direct": "Direct",
        "oldest": "Oldest",
        "max_sequence_idle_microseconds": "uint",
        "control_input": "[ControlInput]",
        "state": "[State]",
        "iterative_sequence": "bool",
    },
    "Direct": {"max_queue_delay_microseconds": "uint", "minimum_slot_utilization": "float"},
    "Oldest": {
        "max_candidate_sequences": "int",
        "preferred_batch_size": "[int]",
        "max_queue_delay_microseconds": "uint",
        "preserve_ordering": "bool",
    },
    "ControlInput": {"name": "string", "control": "[Control]"},
    "Control": {
        "kind": "enum:ControlKind",
        "int32_false_true": "[int]",
        "fp32_false_true": "[float]",
        "bool_false_true": "[bool]",
        "data_type": _DATA_TYPE,
    },
    "State": {
        "input_name": "string",
        "output_name": "string",
        "data_type": _DATA_TYPE,
        "dims": "[int]",
        "initial_state": "[InitialState]",
        "use_same_buffer_for_input_output": "bool",
        "use_growable_memory": "bool",
    },
    "InitialState": {
        "data_type": _DATA_TYPE,
        "dims": "[int]",
        "zero_data": "bool",
        "data_file": "string",
        "name": "string",
    },
    "Ensembling": {"step": "[Step]", "max_inflight_requests": "uint"},
    "Step": {
        "model_name": "string",
        "model_version": "int",
        "input_map": "map<string>",
        "output_map": "map<string>",
        "model_namespace": "string",
    },
    "Parameter": {"string_value": "string"},
    "Warmup": {"name": "string", "batch_size": "uint", "inputs": "map<WarmupInput>", "count": "uint"},
    "WarmupInput": {
        "data_type": _DATA_TYPE,
        "dims": "[int]",
        "zero_data": "bool",
        "random_data": "bool",
        "input_data_file": "string",
    },
    "Operations": {"op_library_filename": "[string]"},
    "TransactionPolicy": {"decoupled": "bool"},
    "RepositoryAgents": {"agents": "[Agent]"},
    "Agent": {"name": "string", "parameters": "map<string>"},
    "Metrics": {"metric_control": "[MetricControl]"},
    "MetricControl": {"metric_identifier": "MetricIdentifier", "histogram_options": "HistogramOptions"},
    "MetricIdentifier": {"family": "string"},
    "HistogramOptions": {"buckets": "[float]"},
}

ONE_OF: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ModelConfig": (("dynamic_batching", "sequence_batching", "ensemble_scheduling"),),
    "VersionPolicy": (("latest", "all", "specific"),),
    "SequenceBatching": (("direct", "oldest"),),
    "InitialState": (("zero_data", "data_file"),),
    "WarmupInput": (("zero_data", "random_data", "input_data_file"),),
}
"""Fields of which there may be one."""
