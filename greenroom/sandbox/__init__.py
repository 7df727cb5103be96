"""greenroom.sandbox."""
