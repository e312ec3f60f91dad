const STOCK_URL = process.env.STOCK_URL ?? 'http://localhost:8080'

/** @param {string} name */
exports.shelf = async name => {
  const response = await fetch(`${STOCK_URL}/shelves/${name}`)
  return response.status
}
