/* storefront v1 */
const output = document.querySelector('output')

for (const item of document.querySelectorAll('li')) {
  item.addEventListener('click', async () => {
    const order = { product: item.value, quantity: 1 }
    const response = await fetch('/orders', { method: 'POST', body: JSON.stringify(order) })
    const answer = await response.json()
    output.textContent = response.ok ? `Ordered, served by ${answer.version}` : answer.error
  })
}
