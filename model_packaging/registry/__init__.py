"""Releases by name, side by side, in registries, and out of them.

- `references`: which release `tumor`, `tumor@1a2b3c` or `tumor@dev` means.
- `comparison`: two releases side by side; `compatibility` says which change of a signature breaks its callers.
- `sagemaker`: a release as a model package of SageMaker's Model Registry, and its approval.
- `mlflow_registry`: a release as a version of MLflow's registry; `mlflow_source`: what MLflow has, as files.
- `importing`: a file, a folder or what came out of MLflow becomes `models/NAME`, ready to be packaged.
- `registrations`: where a release is registered, noted beside it in the local store.

What is named is imported where it is named: boto3's clients are given in, MLflow is an extra.
"""
