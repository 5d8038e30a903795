-- What tasks with inputs did last: the ground for skipping them. A row is gone as soon as the task is started again, or
-- its undo is.
create table done (
  plan text not null,
  -- the empty text for none
  environment text not null,
  task text not null,
  run_id text not null,
  at_ms bigint not null,
  -- of all that the task depends on, and of what it made
  digest text not null,
  outputs_digest text,
  -- JSON: what it handed on
  outputs text not null,
  -- JSON: pairs of a name and the beginning of its digest
  parts text,
  primary key (plan, environment, task)
);
