"""What a model's owner allows the scan to let pass, by name."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from model_packaging.release import ReleasePath


class AllowedFindings(BaseModel):
    """What a model's owner allows, by name: `scan` in package.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    allow_globals: tuple[str, ...] = ()
    """Names that pickles may import beside those of the model libraries: `module.name`. Dangerous ones stay refused."""
    allow_binaries: tuple[ReleasePath, ...] = ()
    """Files of native code, by their place in the release: `model/libcustom_op.so`."""
    allow_secrets: tuple[ReleasePath, ...] = ()
    """Texts that are not searched for secrets, by their place in the release."""
