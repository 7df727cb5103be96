"""model_packaging."""
