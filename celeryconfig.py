"""Celery settings, shared by every process; each comment gives the reason for a value.

The broker URL comes from the environment (`workers.settings`). How a worker acknowledges depends on the queue it serves
(`workers.process.roles`). Both are set when the app is configured, not when this module is imported.
"""

from __future__ import annotations

from typing import Any

from kombu import Exchange, Queue

from workers.process import task_names as _tasks

# JSON only: unpickling a message runs code from its sender.
accept_content = ["json"]
task_serializer = "json"
result_serializer = "json"

# Every queue is declared here, so a typo in a route raises instead of filling a queue without consumers.
# Each has its own exchange: with the shared default exchange, every message would reach every queue.
_queues = ("commands", "intake", "materialization", "proposals", "backfill", "reconcile", "upkeep")
task_queues = [Queue(name, Exchange(name), routing_key=name) for name in _queues]
task_default_queue = "commands"
task_create_missing_queues = False
task_routes = {task: {"queue": queue} for task, queue in _tasks.QUEUE_OF.items()}

# A task whose worker died is redelivered; the database ensures that nothing is applied twice.
task_acks_late = True
task_reject_on_worker_lost = True
# Messages of producers without database access are checked before they become tasks, so that none is lost or logged.
worker_consumer = "workers.transport.consumer:Consumer"
# One message per process: prefetched messages would wait for a slow script while other processes idle.
worker_prefetch_multiplier = 1

# No task results: answers are rows in the database, and storing a result costs five Redis commands a task.
task_ignore_result = True
task_store_errors_even_if_ignored = False
result_backend = None

# A message of a dead worker is redelivered after five minutes, not after kombu's default of an hour.
broker_transport_options: dict[str, Any] = {
    "visibility_timeout": 300,
    # No message has a priority; kombu's four priority steps would make each poll of an empty queue four polls.
    "priority_steps": [0],
    # kombu restores unacknowledged messages every interval x throttle: 5 s here, 100 s by default.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A socket without a timeout waits forever for a broker that is gone.
    "socket_timeout": 15,
    "socket_connect_timeout": 5,
    # Must be below the time after which a firewall drops an idle connection.
    "health_check_interval": 25,
    "socket_keepalive": True,
}

# By default a worker exits after 100 retries; a broker may be unavailable for longer.
broker_connection_max_retries = None
broker_connection_retry_on_startup = True
# A publisher that waits forever for a connection would hang the request it serves.
broker_pool_acquire_timeout = 5
# Connections are opened on demand. With the default limit of 10, a web process with more threads would lose bells.
broker_pool_limit = 64
# A publisher retries for about a second; after that the reconciler rings.
task_publish_retry_policy = {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.4}

# After a lost connection the running task is redelivered one second later; on prefork its first run is cancelled.
worker_cancel_long_running_tasks_on_connection_loss = True
# After SIGTERM a worker takes no more messages, and has this many seconds for the tasks it has (`orderly_stop`), many
# times what a drain takes. What is not finished by then is handed over, and done again from the start.
worker_soft_shutdown_timeout = 1.0
# By default a pool process has four seconds to start. On a machine too busy for that, each was killed and forked
# again, forever, and the node did no work at all.
worker_proc_alive_timeout = 60
# The database timeouts (5 s for a lock, 15 s for a response) fire first; these end tasks that hang elsewhere.
task_soft_time_limit = 60
task_time_limit = 90

# No remote control: any client of the broker could shut workers down or inspect them.
worker_enable_remote_control = False
# Events carry task names and script ids, never bodies or arguments.
worker_send_task_events = False
task_send_sent_event = False
# The log format leaves out arguments: a message names a script id, and nothing longer is shown.
worker_task_log_format = "[%(asctime)s: %(levelname)s/%(processName)s] %(task_name)s[%(task_id)s]: %(message)s"
# The application has its own log; Celery must not take the root logger.
worker_hijack_root_logger = False
# Nor redirect standard output, which would be logged a second time, as warnings.
worker_redirect_stdouts = False
# A pool process is replaced when it exceeds this many KiB, before slow growth exhausts the machine's memory.
worker_max_memory_per_child = 400_000

# Times in UTC, everywhere.
timezone = "UTC"
enable_utc = True

# Ticks are idempotent and expire: any number of beats may run, and no ticks pile up while no worker runs. The
# schedule is in this file, so beat stores nothing on disk.
beat_scheduler = "workers.monitoring.heartbeat:Scheduler"
beat_max_loop_interval = 5
beat_schedule = {
    "reconcile": {"task": _tasks.RECONCILE, "schedule": 2.0, "options": {"expires": 4, "queue": "reconcile"}},
    "upkeep": {"task": _tasks.KEEP_SCHEDULES, "schedule": 15.0, "options": {"expires": 30, "queue": "upkeep"}},
}
