"""What is built on the instance: requests that AWS's own model of its API accepts; and which tools that was of."""

from __future__ import annotations

import importlib.metadata
import json

import botocore.session
import pytest
from botocore.stub import Stubber

from model_packaging.optimisation.accelerators import neuron_compilation_job, start_neuron_compilation
from model_packaging.optimisation.errors import OptimisationError
from model_packaging.optimisation.measuring import versions
from model_packaging.optimisation.spec import Neuron

pytestmark = pytest.mark.unit

ARN = "arn:aws:sagemaker:us-east-1:123456789012:compilation-job/flower-ml-inf2"


def test_a_compilation_job_is_a_request_that_sagemaker_accepts():
    document = neuron_compilation_job(Neuron(kind="neuron"), "flower", "torchscript", {"rows": [1, 4]})
    client = botocore.session.get_session().create_client(
        "sagemaker", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stub:
        # The stub checks the request against the service's model, as a real client does.
        stub.add_response("create_compilation_job", {"CompilationJobArn": ARN})
        started = start_neuron_compilation(
            document,
            client,
            role_arn="arn:aws:iam::123456789012:role/compiler",
            model_uri="s3://bucket/model.tar.gz",
            output_uri="s3://bucket/compiled/",
        )
    assert started == ARN
    assert json.loads(document)["InputConfig"] == {"DataInputConfig": '{"rows": [1, 4]}', "Framework": "PYTORCH"}


def test_a_tools_version_is_that_of_the_distribution_it_came_from():
    """scikit-learn is imported as sklearn, PyYAML as yaml; what is not installed has none."""
    found = versions(("yaml", "botocore", "no_such_module"))
    assert found == {name: importlib.metadata.version(name) for name in ("botocore", "pyyaml")}


def test_a_model_that_no_compiler_for_inferentia_reads_is_refused():
    with pytest.raises(OptimisationError, match="sklearn models are not compiled for Inferentia; allowed: tensorflow_"):
        neuron_compilation_job(Neuron(kind="neuron"), "flower", "sklearn", {"rows": [1, 4]})
