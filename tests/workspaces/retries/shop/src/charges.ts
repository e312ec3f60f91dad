import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
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

export async function chargeByGot(cents: number): Promise<number> {
  const work = () => got.post(at('charges'), { json: { cents } });
  return (await pRetry(work, { minTimeout: 10 })).statusCode;
}

export async function chargeByKy(cents: number): Promise<number> {
  const answer = await pRetry(() => ky.post(at('charges'), { json: { cents } }), { minTimeout: 10 });
  return answer.status;
}
