"""Pulumi components for AWS: a file a concept, named as AWS names it; the way a model goes from its spec to the cloud.

`ArtifactStore` is deployed once, in its own stack. An environment's stack has one `DataCaptureStore` and, for every
model, an `EndpointAlarms`, a `ModelEndpoint`, and where its spec asks for them an `EndpointAutoscaling` and a
`DataQualityMonitor`. `components.aws.model_deployment.deploy_model` wires the latter four.

Names are known before anything exists (see `components.specs.names`), so an endpoint can name its rollback alarms and
an alarm its endpoint without a cycle, and a preview shows values instead of unknowns.
"""
