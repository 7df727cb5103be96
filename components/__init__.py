"""What a model needs (`specs`), and what that is in a cloud (`aws`)."""
