import axios from 'axios';
import axiosRetry, { isRetryableError } from 'axios-retry';
import got from 'got';

const ledger = axios.create({ baseURL: process.env.LEDGER_URL });
axiosRetry(ledger, { retries: 2, retryCondition: isRetryableError, retryDelay: axiosRetry.exponentialDelay });

export const enter = (cents: number) => ledger.post('/lines', { cents });

const lines = got.extend({ prefixUrl: process.env.LEDGER_URL, retry: { limit: 2, methods: ['GET', 'POST'] } });

export const record = (cents: number) => lines.post('lines', { json: { cents } });
