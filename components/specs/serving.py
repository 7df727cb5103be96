"""How a model is served: a discriminated union that later kinds (serverless, async, …) join."""

from typing import Literal

from components.specs.base import Spec


class ProductionVariant(Spec):
    """One fleet of instances behind the endpoint; AWS: ProductionVariant."""

    name: str = "AllTraffic"
    instance_type: str
    initial_instance_count: int = 1
    initial_variant_weight: float = 1.0
    volume_size_gb: int | None = None
    model_data_download_timeout_seconds: int | None = None
    container_startup_health_check_timeout_seconds: int | None = None
    enable_ssm_access: bool = False


class RealtimeServing(Spec):
    """Instances that answer at once."""

    kind: Literal["realtime"] = "realtime"
    production_variants: tuple[ProductionVariant, ...]


Serving = RealtimeServing
