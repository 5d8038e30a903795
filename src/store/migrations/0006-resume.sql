-- What an engine needs that goes on with the run of another.

-- How the run was to be done (JSON): whether the first failure stops it, whether a failure is undone.
alter table runs add column options text;
-- Why what succeeded is undone; null until the undo has begun. The run goes on there.
alter table runs add column undo_because text;
-- Attempts up to this number belong to an earlier round: the task was begun anew.
alter table tasks add column past_attempts bigint not null default 0;
-- Where it is attempted. Its boot_id is known from the beginning on, its process only once that has started.
alter table attempts add column host text;
