import { serve } from '../../service.ts'

await serve({
  folder: import.meta.dirname,
  saveOrder(shop, { product, quantity, visitor }) {
    shop
      .prepare('insert into orders (product, quantity, visitor) values (?1, ?2, ?3)')
      .run(product, quantity, visitor)
  },
})
