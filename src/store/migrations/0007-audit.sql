-- Who did what, when and from where. Rows are only ever added; each is bound to the one before it by its hash, so that
-- a row that was changed, removed or put in between shows. Times are milliseconds since 1970.
create table audit (
  -- 1, 2, 3, ... without a gap
  seq bigint not null primary key,
  at_ms bigint not null,
  action text not null,
  plan text,
  environment text,
  run_id text,
  task text,
  user_name text not null,
  -- who it was before sudo
  sudo_user text,
  host text not null,
  -- the CI system, and whom it did this for
  ci text,
  actor text,
  -- 1 when a person could be asked
  terminal bigint not null,
  release text not null,
  command text,
  detail text,
  -- SHA-256, hex, of the hash before and of all the above
  hash text not null
);
create index audit_by_run on audit (run_id, seq);

-- One row: the last entry. Every addition changes it, so that two at once are put in order.
create table audit_head (
  id bigint not null primary key,
  seq bigint not null,
  hash text not null
);
insert into audit_head (id, seq, hash) values (1, 0, '');
