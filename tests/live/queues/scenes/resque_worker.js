// A node-resque worker that never ends its job. Usage: node resque_worker.js MODULE REDIS_URL QUEUE
const { hold } = require('./stage');
const [module_, url, name] = process.argv.slice(2);
const { Worker } = require(module_);

const jobs = { hang: { perform: () => new Promise(() => {}) } };
const worker = new Worker({ connection: hold.connection(url), queues: [name], name: 'host:2', timeout: 20 }, jobs);
worker.connect().then(() => worker.start());
