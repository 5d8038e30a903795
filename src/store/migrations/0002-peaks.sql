-- What tasks needed: the newest eight measured ends of each task with the same work, the ground for estimates.
-- Kept apart from the runs, so that it outlives them and can be carried from one machine to another.
create table peaks (
  -- plan, task and work, hashed
  key text not null,
  at_ms bigint not null,
  -- kind and executable
  peer_group text not null,
  plan text not null,
  task text not null,
  duration_ms bigint not null,
  peak_bytes bigint not null,
  -- twenty whole numbers, per cent of the peak, with commas
  twentieths text not null,
  primary key (key, at_ms)
);
create index peaks_by_time on peaks (at_ms);
