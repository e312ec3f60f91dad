/** @param {string[]} skus */
async function known(skus) {
  for (const sku of skus) {
    const answer = await fetch(`${process.env.STOCK_URL}/stock/${sku}`)
    if (!answer.ok) throw new Error(`there is no ${sku}`)
  }
}

/** @param {string[]} skus */
function reserveAll(skus) {
  return Promise.all(
    skus.map(async sku => {
      const answer = await fetch(`${process.env.STOCK_URL}/reservations`, { method: 'POST', body: sku })
      return answer.status
    })
  )
}

module.exports = { known, reserveAll }
