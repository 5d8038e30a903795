-- Releases that do not know the column keep writing while this happens: it has a default.
alter table orders add column gift integer not null default 0;
