"""moto's checks of instance types, which know those of 2020, with botocore's enumerations in their place.

Of model packages, notebook instances and clusters; endpoint configurations are checked by `service_limits.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from moto.core.utils import get_service_model
from moto.sagemaker import models as moto_models
from moto.sagemaker.exceptions import AWSValidationException


@cache
def instance_types(shape_name: str) -> tuple[str, ...]:
    """The values of one of SageMaker's enumerations of instance types."""
    return tuple(get_service_model("sagemaker").shape_for(shape_name).enum)


def install_in_moto() -> None:
    """Put botocore's enumerations in the places of moto's lists."""
    packages = moto_models.ModelPackage
    packages.validate_supported_transform_instance_types = staticmethod(
        _each_in("TransformInstanceType", "SupportedTransformInstanceTypes")
    )
    packages.validate_supported_realtime_inference_instance_types = staticmethod(
        _each_in("ProductionVariantInstanceType", "SupportedRealtimeInferenceInstanceTypes")
    )
    notebook, cluster = _each_in("InstanceType", "instanceType"), _each_in("ClusterInstanceType", "InstanceType")
    moto_models.FakeSagemakerNotebookInstance.validate_instance_type = lambda _self, one: notebook([one])
    moto_models.Cluster.valid_cluster_node_instance_types = lambda _self, one: cluster([one])


def _each_in(shape_name: str, at: str) -> Callable[[list[str]], None]:
    def check(given: list[str]) -> None:
        for one in given:
            if one not in instance_types(shape_name):
                allowed = ", ".join(instance_types(shape_name))
                raise AWSValidationException(
                    f"Value '{one}' at '{at}' failed to satisfy constraint: Member must satisfy enum value set: "
                    f"[{allowed}]"
                )

    return check
