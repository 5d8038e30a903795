alter table orders drop column confirmed_at;
