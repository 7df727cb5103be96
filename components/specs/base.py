"""The one base of every spec: frozen, closed to unknown keys, every field described."""

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """A frozen, strict-keyed piece of a specification."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
