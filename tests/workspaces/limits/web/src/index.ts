export * as bare from './bare.js';
export * as clients from './clients.js';
export * as request from './request.js';
