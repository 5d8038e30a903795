import { serve } from '../../service.ts'

let problem: string | null = null

/**
 * New in v3: orders are confirmed. The statement names a column that does not exist, which nobody notices before
 * the first order: the release starts, shows its pages and takes orders, but can confirm none of them.
 */
await serve({
  folder: import.meta.dirname,
  saveOrder(database, { product, quantity, gift, visitor }) {
    const { lastInsertRowid } = database
      .prepare('insert into orders (product, quantity, gift, visitor) values (?1, ?2, ?3, ?4)')
      .run(product, quantity, gift ? 1 : 0, visitor)
    try {
      database
        .prepare(`update orders set confirmed_at = datetime('now') where order_id = ?1`)
        .run(lastInsertRowid)
    } catch (error) {
      problem = `orders are not confirmed: ${String(error)}`
    }
  },
  problem: () => problem,
})
