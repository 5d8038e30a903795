-- What was deleted is not seen from the same commit on, and leaves the blocks later, a few at a time.
create table metric_deletions (
  series_id bigint primary key,
  -- Of what blocks have; what lies in chunks came later, or is put into blocks only when nothing is left to be removed.
  before_ms bigint not null
);
-- The distance of all times of the block, so that they need not be read to be counted; null where it is not always the
-- same, and in blocks that were made before.
alter table metric_blocks add column step_ms bigint;
drop index metric_blocks_in_order;
create unique index metric_blocks_in_order on metric_blocks (series_id, t1, t0, n, step_ms);
-- only: SQLite
-- Of a block of which only a part was deleted nobody knows more than where the rest begins at the earliest.
create view metric_visible_blocks as
select b.series_id, b.t1, b.data, b.min, b.max,
  case when b.t0 < d.before_ms then d.before_ms else b.t0 end as t0,
  case when b.t0 < d.before_ms then null else b.n end as n,
  case when b.t0 < d.before_ms then null else b.sum end as sum
from metric_blocks b left join metric_deletions d on d.series_id = b.series_id
where d.before_ms is null or b.t1 >= d.before_ms
-- only: PostgreSQL
-- The same. With a plain join all blocks of a series would be sorted for the first of them.
create view metric_visible_blocks as
select b.series_id, b.t1, b.data, b.min, b.max,
  case when b.t0 < d.before_ms then d.before_ms else b.t0 end as t0,
  case when b.t0 < d.before_ms then null else b.n end as n,
  case when b.t0 < d.before_ms then null else b.sum end as sum
from metric_blocks b left join lateral (
  select before_ms from metric_deletions where series_id = b.series_id offset 0
) d on true
where d.before_ms is null or b.t1 >= d.before_ms
