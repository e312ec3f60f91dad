import axios from 'axios';
import { request } from 'undici';

const base = process.env['ORDERS_URL'] ?? 'http://orders:8080';

export const drop = (id: string) => request(`${base}/orders/${id}`, { method: 'DELETE' });
export const touch = () => axios.post(`${base}/orders`);
