import { serve } from '../../service.ts'

/** New in v2: an order may be a gift. */
await serve({
  folder: import.meta.dirname,
  saveOrder(database, { product, quantity, gift, visitor }) {
    database
      .prepare('insert into orders (product, quantity, gift, visitor) values (?1, ?2, ?3, ?4)')
      .run(product, quantity, gift ? 1 : 0, visitor)
  },
})
