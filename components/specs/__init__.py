"""Typed specs: the single source of what may be written in a model's and an environment's YAML."""
