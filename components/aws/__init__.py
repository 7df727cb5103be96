"""components.aws."""
