// A Bull worker that never ends its job. Usage: node bull_worker.js MODULE REDIS_URL QUEUE
const [module_, url, queue] = process.argv.slice(2);
const Queue = require(module_);

new Queue(queue, url, { settings: { lockDuration: 2000 } }).process(() => new Promise(() => {}));
