-- Questions to the experts. What is still open is counted for each 1024 of them, so that a page far behind is found
-- without going through all pages before it.
create table queries (
  number bigint not null primary key,
  id text not null unique,
  -- Of what was asked: two that are open are never the same.
  digest text not null,
  idempotency_key text unique,
  type text not null,
  priority text not null,
  title text not null,
  body text not null,
  tags text not null,
  context text not null,
  restrictions text not null,
  attachments text not null,
  deadline_ms bigint,
  created_at_ms bigint not null,
  status text not null,
  -- Who consults the experts, and until when nobody else may.
  owner text,
  claimed_until_ms bigint,
  ended_at_ms bigint,
  error text
);
create unique index queries_open on queries (digest) where status in ('waiting', 'running');
create index queries_active on queries (number) where status in ('waiting', 'running');
create index queries_deadline on queries (deadline_ms) where status = 'waiting' and deadline_ms is not null;
create index queries_status on queries (status, number);
create index queries_type on queries (type, number);
create index queries_created on queries (created_at_ms);

create table query_counts (
  bucket bigint not null primary key,
  active bigint not null
);

create table query_answers (
  query_id text not null,
  expert text not null,
  status text not null,
  cost_usd double precision,
  ended_at_ms bigint not null,
  answer text not null,
  primary key (query_id, expert)
);

-- Texts too large for a row, in pieces.
create table query_texts (
  id text not null primary key,
  query_id text not null,
  bytes bigint not null,
  created_at_ms bigint not null
);
create index query_texts_of on query_texts (query_id);
create table query_text_pieces (
  text_id text not null,
  number bigint not null,
  piece bytea not null,
  primary key (text_id, number)
);

-- The words of a query, in lower case and without accents.
-- only: SQLite
create virtual table query_words using fts5 (words, content = '', contentless_delete = 1, detail = none);
-- only: PostgreSQL
create table query_words (number bigint not null primary key, words tsvector not null);
create index query_words_index on query_words using gin (words);
