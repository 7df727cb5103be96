"""What can go wrong with registries and imports, all of it the user's to fix.

::

    PackagingError
    ├── UnknownReleaseError      no such release, or more than one that it could be
    ├── RegistryError            a registry refused, is not there, or does not have it
    └── ImportRefusedError       what is to be imported is not there, or must not be written over
"""

from __future__ import annotations

from model_packaging.errors import PackagingError


class UnknownReleaseError(PackagingError):
    """A reference names no release, or more than one."""


class RegistryError(PackagingError):
    """A model registry refused, cannot be reached, or does not have what was asked for."""


class ImportRefusedError(PackagingError):
    """What is to be imported cannot be had, or its place is taken."""
