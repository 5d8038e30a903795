alter table orders drop column gift;
