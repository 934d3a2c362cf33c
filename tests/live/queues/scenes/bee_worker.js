// A Bee-Queue worker that never ends its job. Usage: node bee_worker.js MODULE REDIS_HOST REDIS_PORT QUEUE
const [module_, host, port, name] = process.argv.slice(2);
const Queue = require(module_);

const queue = new Queue(name, { redis: { host, port: Number(port) }, stallInterval: 1000 });
queue.process(2, () => new Promise(() => {}));
