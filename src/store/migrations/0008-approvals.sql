-- What asks for a person's consent, and what was answered. The question outlives the engine that asked.
create table approvals (
  run_id text not null references runs (id) on delete cascade,
  -- empty for the run itself
  task text not null,
  asked_ms bigint not null,
  -- approved or denied; null until somebody has answered
  answer text,
  answered_ms bigint,
  answered_by text,
  reason text,
  primary key (run_id, task)
);
