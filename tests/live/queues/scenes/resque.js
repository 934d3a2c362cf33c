// Jobs of node-resque, which shares Resque's layout, in every state. Usage: node resque.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const { Queue, Worker } = require(process.argv[2]);

const connection = hold.connection(process.argv[3]);

const JOBS = {
  good: { perform: async () => 'done' },
  bad: { perform: async () => { throw new Error('bad'); } },
};

scene(async (step) => {
  const queue = new Queue({ connection }, JOBS);
  await queue.connect();
  for (const name of ['good', 'good', 'bad']) await queue.enqueue('mail', name, [name]);
  const worker = new Worker({ connection, queues: ['mail'], name: 'host:1', timeout: 20 }, JOBS);
  await worker.connect();
  worker.start();
  await hold.until(async () => (await queue.stats()).processed === '2' && (await queue.failedCount()) === 1);
  await worker.end();

  await queue.enqueue('slow', 'hang', []);
  const pid = hold.worker(process.argv[2], process.argv[3], 'slow');
  const working = async () => Object.values(await queue.allWorkingOn()).filter((job) => job !== 'started').length;
  await hold.until(async () => (await working()) === 1);
  for (const number of [1, 2, 3]) await queue.enqueue('mail', 'good', [number]);
  await queue.enqueue('a:b', 'good', []);

  const facts = async () => ({
    framework: 'resque',
    jobs: {
      '*': { failed: await queue.failedCount() },
      mail: { waiting: await queue.length('mail'), active: 0 },
      slow: { waiting: await queue.length('slow'), active: await working() },
      'a:b': { waiting: await queue.length('a:b'), active: 0 },
    },
  });
  const { processed, failed } = await queue.stats();
  const finished = { '*': { completed: Number(processed), failed: Number(failed) } };
  await step({
    step: 'filled', ...await facts(), workers: { slow: 1, mail: 0 }, orphaned: { slow: 0 }, finished, pid,
  });
  await step({
    step: 'killed', ...await facts(), workers: { slow: 0, mail: 0 }, silent: { slow: 1, mail: 0 },
    orphaned: { slow: 1, mail: 0 }, later: 400,
  });
});
