"""SageMaker as moto has it, made true where deployments depend on it.

A file an AWS concept: `models`, `endpoint_configs`, `endpoints` (and their states), `monitoring_schedules`,
`model_packages`, `instance_types`. `backend` puts them into one subclass of moto's backend, `responses` answers the
operations that moto lacks or gets wrong.
"""
