// A BullMQ worker that never ends its job. Usage: node bullmq_worker.js MODULE REDIS_URL QUEUE
const { hold } = require('./stage');
const [module_, url, queue] = process.argv.slice(2);
const { Worker } = require(module_);

new Worker(queue, () => new Promise(() => {}), {
  connection: hold.connection(url), lockDuration: 2000, name: 'hands',
});
