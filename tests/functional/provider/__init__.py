"""A package, so that what its fixtures share for the package ends with it: a process has one local AWS at a time."""
