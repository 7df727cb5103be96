"""greenroom.sandbox.provider."""
