-- What aggregates need of a block that lies whole in one bucket, of what is visible of it: then its data is not read.
-- All three are null where some value is no finite number, and in blocks that were made before.
alter table metric_blocks add column min double precision;
alter table metric_blocks add column max double precision;
alter table metric_blocks add column sum double precision
