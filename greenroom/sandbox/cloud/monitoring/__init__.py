"""Model Monitor: scheduled executions that read what an endpoint captured and compare it with a baseline."""
