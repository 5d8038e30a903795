-- The engines of a run, in the order in which they had it. An engine that only paused may come back and stop what it
-- believes to be its own, also when another one had the run since: an attempt is adopted once all of them have ended.
create table engines (
  run_id text not null references runs (id) on delete cascade,
  -- 1, 2, 3, ...
  number bigint not null,
  host text not null,
  pid bigint not null,
  start_ticks bigint,
  boot_id text,
  pid_namespace text,
  token text not null,
  primary key (run_id, number)
);
insert into engines (run_id, number, host, pid, start_ticks, boot_id, pid_namespace, token)
  select id, 1, host, engine_pid, engine_start_ticks, engine_boot_id, engine_pid_namespace, engine_token from runs;
-- Number of the engine that began it; 0 where an earlier version did.
alter table attempts add column engine bigint not null default 0;
