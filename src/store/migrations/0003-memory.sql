-- How full memory was while a run lasted: at most about 600 points a run, each the moment of its stretch of time that
-- was nearest to the load line, or above it. A long run has longer stretches.
create table memory_points (
  run_id text not null references runs (id) on delete cascade,
  -- when the stretch began
  at_ms bigint not null,
  used_bytes bigint not null,
  tasks_bytes bigint not null,
  claim_bytes bigint not null,
  load_line_bytes bigint not null,
  capacity_bytes bigint not null,
  primary key (run_id, at_ms)
);
