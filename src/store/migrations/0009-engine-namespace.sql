-- Which numbers of processes are the same to the engine and to whoever looks for it; null where it is not known.
alter table runs add column engine_pid_namespace text
