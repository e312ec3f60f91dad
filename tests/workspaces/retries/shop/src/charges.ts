import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import pRetry from 'p-retry';

const at = (path: string) => `${process.env.PAYMENTS_URL}/${path}`;

export async function charge(cents: number): Promise<number> {
  const answer = await pRetry(() => axios.post(at('charges'), { cents }), { retries: 3, minTimeout: 10 });
  return answer.status;
}

export const chargeAll = (cents: number) => pRetry(() => axios.post(at('charges'), { cents }), { minTimeout: 10 });

export async function insist(cents: number): Promise<number> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      const headers = { 'content-type': 'application/json' };
      const answer = await axios.post(at('charges'), JSON.stringify({ cents }), { headers: { ...headers } });
      return answer.status;
    } catch {
      await sleep(10 * attempt);
    }
  }
  return 0;
}
