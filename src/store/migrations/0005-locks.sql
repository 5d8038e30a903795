-- Who may deploy a plan to an environment. A row stays for ever, so that `fence` never goes back.
create table locks (
  plan text not null,
  -- empty for a plan without environments
  environment text not null,
  -- one more with each taking: who holds an older number may not write any more
  fence bigint not null,
  -- one more with each renewal: whoever sees it stand still for a whole lease may take the lock
  beat bigint not null,
  -- the owner; all of it null while the lock is free
  run_id text,
  host text,
  pid bigint,
  start_ticks bigint,
  boot_id text,
  pid_namespace text,
  token text,
  -- as the owner's wall clock stood; for people, nothing is decided by them
  acquired_ms bigint,
  expires_ms bigint,
  primary key (plan, environment)
);
