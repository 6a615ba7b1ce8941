"""Where the outside comes in: the Celery app, its tasks, and the services they run on."""
