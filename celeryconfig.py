"""Celery's settings: the same for every process; each line says what it prevents.

Where the broker is comes from the environment (`workers.settings`), and how a worker acknowledges from the queue it
serves (`workers.process.roles`); both are set when the app is configured, not when this module is imported.
"""

from __future__ import annotations

from typing import Any

from kombu import Exchange, Queue

from workers.process import task_names as _tasks

# JSON only: a pickled message runs whatever its sender wrote.
accept_content = ["json"]
task_serializer = "json"
result_serializer = "json"

# Every queue is named here; a typing error in a route raises instead of filling a queue nobody reads.
# Each has an exchange of its own: left out, all would share the default one, and each message reach all of them.
_queues = ("commands", "intake", "materialization", "proposals", "reconcile", "upkeep")
task_queues = [Queue(name, Exchange(name), routing_key=name) for name in _queues]
task_default_queue = "commands"
task_create_missing_queues = False
task_routes = {task: {"queue": queue} for task, queue in _tasks.QUEUE_OF.items()}

# A task that was running when its worker died is delivered again; the database decides that nothing applies twice.
task_acks_late = True
task_reject_on_worker_lost = True
# What a producer without the database sent is looked at before it becomes a task, so that none of it is lost or logged.
worker_consumer = "workers.transport.consumer:Consumer"
# One message in hand per process: what is prefetched waits behind a slow script while others idle.
worker_prefetch_multiplier = 1

# No task has a result: answers are rows in the database, and storing one costs five Redis commands a task.
task_ignore_result = True
task_store_errors_even_if_ignored = False
result_backend = None

# The bell of a dead worker comes back in seconds, not after an hour.
broker_transport_options: dict[str, Any] = {
    "visibility_timeout": 300,
    # No message has a priority: with four of them, each look into an empty queue is four.
    "priority_steps": [0],
    # kombu sweeps every interval x throttle: 100 s by default, 5 s so.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A socket without a time-out waits for ever for a broker that is gone.
    "socket_timeout": 15,
    "socket_connect_timeout": 5,
    # Must be below what a firewall takes to forget an idle connection.
    "health_check_interval": 25,
    "socket_keepalive": True,
}

# By default a worker gives up after 100 tries and dies; a broker may be away for longer.
broker_connection_max_retries = None
broker_connection_retry_on_startup = True
# A publisher that waits for a connection for ever hangs its request with it.
broker_pool_acquire_timeout = 5
# Opened when they are needed, by a web process with as many threads: with the usual 10 bells would be left unheard.
broker_pool_limit = 64
# A publisher retries for about a second; what it could not ring for, the reconciler will.
task_publish_retry_policy = {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.4}

# A dropped connection starts a second copy of the running task one second later; on prefork the first is ended.
worker_cancel_long_running_tasks_on_connection_loss = True
# SIGTERM ends an idle worker at once and a busy one after this long, done or not; without, busy prefork stalled for
# 32 s. It is the longest a drain waits for a lock, and what is cut off is done again.
worker_soft_shutdown_timeout = 5
# A pool process has four seconds by default to come up. On a machine so busy that it takes longer, each was killed and
# forked anew, for ever, and the node did no work at all.
worker_proc_alive_timeout = 60
# The database's own time-outs (5 s a lock, 15 s an answer) fire first; this ends what hangs elsewhere.
task_soft_time_limit = 60
task_time_limit = 90

# Workers take no orders from the broker: whoever reaches it could end them, or have them tell what they know.
worker_enable_remote_control = False
# Events carry names and script ids; bodies and arguments stay out of them.
worker_send_task_events = False
task_send_sent_event = False
# A message names a script id; nothing longer is ever shown.
worker_task_log_format = "[%(asctime)s: %(levelname)s/%(processName)s] %(task_name)s[%(task_id)s]: %(message)s"
# The application has its own log; Celery must not take the root logger.
worker_hijack_root_logger = False
# Nor what it prints, which would be logged once more, as warnings.
worker_redirect_stdouts = False
# A child is replaced before slow growth becomes the machine's problem (KiB).
worker_max_memory_per_child = 400_000

# Times in UTC, everywhere.
timezone = "UTC"
enable_utc = True

# Ticks are idempotent and expire: any number of beats may run, and none piles up while no worker listens. The
# schedule lives in this file, so beat keeps nothing on disk.
beat_scheduler = "workers.monitoring.heartbeat:Scheduler"
beat_max_loop_interval = 5
beat_schedule = {
    "reconcile": {"task": _tasks.RECONCILE, "schedule": 2.0, "options": {"expires": 4, "queue": "reconcile"}},
    "upkeep": {"task": _tasks.KEEP_SCHEDULES, "schedule": 15.0, "options": {"expires": 30, "queue": "upkeep"}},
}
