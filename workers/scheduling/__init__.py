"""The reconciler, the schedules and their slots."""
