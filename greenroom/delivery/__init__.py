"""greenroom.delivery."""
