"""The worker layer: the Celery app, its tasks, the producer API, and the services they run on."""
