"""The base of everything in `gate.yaml`: frozen, no unknown keys, descriptions from docstrings, no NaN."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class GatePart(BaseModel):
    """One block of `gate.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)
