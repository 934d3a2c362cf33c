// Queues of node-resque with one thing each, in namespaces of their own. Usage: node resque_lone.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const { Queue, Worker } = require(process.argv[2]);

const JOBS = {
  good: { perform: async () => 'done' },
  bad: { perform: async () => { throw new Error('bad'); } },
};
const connection = (namespace) => ({ ...hold.connection(process.argv[3]), namespace });

async function queue(namespace) {
  const one = new Queue({ connection: connection(namespace) }, JOBS);
  await one.connect();
  return one;
}

async function work(namespace, name) {
  const worker = new Worker({ connection: connection(namespace), queues: [name], name: `host:${namespace.length}`, timeout: 20 }, JOBS);
  await worker.connect();
  worker.start();
  return worker;
}

scene(async (step) => {
  await (await queue('resque')).enqueue('emptied', 'good', []);
  const worker = await work('resque', 'emptied');
  await hold.until(async () => (await (await queue('resque')).stats()).processed === '1');
  await worker.end();
  await (await queue('shop')).enqueue('new', 'good', []);
  const bad = await queue('bad');
  await bad.enqueue('broken', 'bad', []);
  const failing = await work('bad', 'broken');
  await hold.until(async () => (await bad.failedCount()) === 1);
  await failing.end();
  await (await queue('served')).enqueue('idle', 'good', []);
  await work('served', 'idle');
  await hold.until(async () => (await (await queue('served')).length('idle')) === 0);
  await step({
    step: 'filled',
    framework: 'resque',
    jobs: {
      emptied: { waiting: 0 }, 'shop:new': { waiting: 1 }, 'bad:broken': { waiting: 0 }, 'bad:*': { failed: 1 },
      'shop:*': {}, 'served:*': {}, 'served:idle': { waiting: 0 },
    },
    workers: { 'served:idle': 1 },
  });
});
