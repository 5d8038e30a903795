create table products (id integer primary key, name text not null, price_cents integer not null);
create table orders (
  id integer primary key,
  product integer not null references products (id),
  quantity integer not null,
  visitor text not null
);
insert into products (name, price_cents) values ('Rope', 1200), ('Lantern', 3450), ('Compass', 5900), ('Chart', 800);
