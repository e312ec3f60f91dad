import axios from 'axios';

export async function priceOf(id: string): Promise<number> {
  const options = { timeout: 5_000 };
  const { data } = await axios.get<number>('http://prices:8080' + '/prices/' + id, options);
  return data;
}
