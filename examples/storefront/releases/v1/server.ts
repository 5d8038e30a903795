import { serve } from '../../service.ts'

await serve({
  folder: import.meta.dirname,
  saveOrder(database, { product, quantity, visitor }) {
    database
      .prepare('insert into orders (product, quantity, visitor) values (?1, ?2, ?3)')
      .run(product, quantity, visitor)
  },
})
