-- The order in which runs were begun, whatever the clocks said: a clock that is set back makes no run the last one.
alter table runs add column opened bigint not null default 0;
update runs set opened = numbered.number
  from (select id, row_number() over (order by started_ms, id) as number from runs) as numbered
  where numbered.id = runs.id;
create index runs_by_opened on runs (opened, id);
create index runs_by_plan_opened on runs (plan, opened, id);
drop index runs_by_start;
drop index runs_by_plan;
