-- To undo a run asks for a consent of its own, beside that of its deployment.
create table consents (
  run_id text not null references runs (id) on delete cascade,
  -- deploy or rollback
  about text not null,
  -- empty for the run itself
  task text not null,
  asked_ms bigint not null,
  -- approved or denied; null until somebody has answered
  answer text,
  answered_ms bigint,
  answered_by text,
  reason text,
  primary key (run_id, about, task)
);
insert into consents (run_id, about, task, asked_ms, answer, answered_ms, answered_by, reason)
  select run_id, 'deploy', task, asked_ms, answer, answered_ms, answered_by, reason from approvals;
drop table approvals;
alter table consents rename to approvals;
