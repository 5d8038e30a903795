-- Samples of metrics. What was just recorded lies in chunks, as it came; later it is put into blocks, of one series each,
-- that do not overlap. Who records, compacts or deletes also changes the one row of metric_state, so that each of them
-- knows what the others have done.
create table metric_state (
  id bigint primary key,
  -- of the last chunk; the order of the chunks is that of their commits
  seq bigint not null,
  -- raised when series are deleted: who remembers series has to look anew
  series_form bigint not null,
  -- another one whenever blocks change
  blocks_form bigint not null
);
insert into metric_state values (1, 0, 0, 0);
create table metric_series (
  -- 52 bits of a digest of name and labels, or the next that is free
  id bigint primary key,
  name text not null,
  -- JSON, sorted by label
  labels text not null
);
create index metric_series_by_name on metric_series (name, id);
create table metric_chunks (
  seq bigint primary key,
  n bigint not null,
  data bytea not null
);
create table metric_blocks (
  series_id bigint not null,
  -- What the block has before t0 was deleted: it may still be in the data.
  t0 bigint not null,
  t1 bigint not null,
  n bigint not null,
  data bytea not null
);
create unique index metric_blocks_in_order on metric_blocks (series_id, t1, t0, n)
