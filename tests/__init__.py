"""A package, for some distributions install a top-level `tests` of their own, which would be found before ours."""
