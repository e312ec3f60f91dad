import axios from 'axios';
import got from 'got';

const orders = axios.create({ baseURL: process.env['ORDERS_URL'] ?? 'http://orders:8080' });
const others = got.extend({
  prefixUrl: process.env['ORDERS_URL'] ?? 'http://orders:8080',
  retry: { limit: 0 },
});

export const list = () => orders.get('/orders');
export const load = (id: string) => others.get(`orders/${id}`).json();
