-- What aggregates need of a block that lies whole in one bucket: then its data is not read. All three are null where some
-- value is no finite number, in a block of which a part was deleted, and in blocks that were made before.
alter table metric_blocks add column min double precision;
alter table metric_blocks add column max double precision;
alter table metric_blocks add column sum double precision
