import './bare.js';
import './clients.js';
import './request.js';
