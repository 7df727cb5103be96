"""What the model's containers may reach."""

from components.specs.base import Spec


class Security(Spec):
    """Least privilege is the default; these are the only widenings and narrowings."""

    network_isolation: bool = False
    extra_read_prefixes: tuple[str, ...] = ()
