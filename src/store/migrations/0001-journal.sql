-- The journal: runs, their tasks, attempts and events, and the services they left running.
-- Times are milliseconds since 1970, durations milliseconds, sizes bytes; JSON is kept as text.
-- Only types that SQLite and PostgreSQL both know. Large columns stand last: listing never reads them.

create table runs (
  id text not null primary key,
  plan text not null,
  version text not null,
  environment text,
  file text not null,
  digest text not null,
  host text not null,
  task_count bigint not null,
  -- running, succeeded, failed, interrupted, rolled-back; stays "running" when the engine was killed
  status text not null,
  started_ms bigint not null,
  ended_ms bigint,
  duration_ms bigint,
  peak_memory_bytes bigint,
  capacity_bytes bigint,
  load_line_bytes bigint,
  engine_pid bigint not null,
  engine_start_ticks bigint,
  engine_boot_id text,
  engine_token text not null,
  definition text not null,
  report text
);
create index runs_by_start on runs (started_ms, id);
create index runs_by_plan on runs (plan, started_ms, id);

create table tasks (
  run_id text not null references runs (id) on delete cascade,
  phase text not null,
  task text not null,
  -- waiting, running, or how it ended: succeeded, failed, skipped, cancelled, undone
  status text not null,
  started_ms bigint,
  ended_ms bigint,
  attempts bigint,
  duration_ms bigint,
  waited_ms bigint,
  reserved_bytes bigint,
  peak_lower_bytes bigint,
  peak_upper_bytes bigint,
  enforcement text,
  suspended_ms bigint,
  requeues bigint,
  cpu_ms bigint,
  exit_code bigint,
  error_code text,
  -- the last wait; its numbers are in the message
  wait_reason text,
  wait_message text,
  wait_reasons text,
  report text,
  primary key (run_id, phase, task)
);

create table attempts (
  run_id text not null references runs (id) on delete cascade,
  phase text not null,
  task text not null,
  attempt bigint not null,
  kind text not null,
  token text not null,
  log text not null,
  -- open, succeeded, failed
  status text not null,
  opened_ms bigint not null,
  pid bigint,
  start_ticks bigint,
  boot_id text,
  ended_ms bigint,
  duration_ms bigint,
  cpu_ms bigint,
  peak_lower_bytes bigint,
  peak_upper_bytes bigint,
  enforcement text,
  exit_code bigint,
  next_in_ms bigint,
  error_code text,
  error_message text,
  error_fix text,
  leftovers text,
  outputs text,
  last_output text,
  primary key (run_id, phase, task, attempt)
);

create table events (
  run_id text not null references runs (id) on delete cascade,
  seq bigint not null,
  at_ms bigint not null,
  type text not null,
  body text not null,
  primary key (run_id, seq)
);

create table services (
  token text not null primary key,
  run_id text not null references runs (id) on delete cascade,
  phase text not null,
  task text not null,
  attempt bigint not null,
  pid bigint not null,
  start_ticks bigint,
  boot_id text,
  started_ms bigint not null
);
create index services_by_run on services (run_id);
