import axios from 'axios';

const http = axios.create({ timeout: 5_000 });
const stock = axios.create({ baseURL: 'http://localhost:8081', timeout: 5_000 });

export const itemOf = (id: string) => stock.get<string>(`/items/${id}`);
export const itemsOf = () => http.get<string[]>('http://localhost:8081/items?all=1');
export const pricesOf = () => http.get<number[]>('http://prices:8080/prices');
