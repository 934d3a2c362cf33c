// Queues that are held back, and schedulers that add jobs. Usage: node bullmq_limits.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const { Queue, Worker } = require(process.argv[2]);

const connection = hold.connection(process.argv[3]);
const MINUTE = 60_000;

scene(async (step) => {
  const [all, hand, workers, open] = ['all', 'hand', 'workers', 'open'].map((name) => new Queue(name, { connection }));
  const work = (queue, opts) => new Worker(queue.name, async () => 'done', { connection, ...opts });
  const some = [1, 2, 3].map((n) => ({ name: 'job', data: { n } }));

  await all.setGlobalRateLimit(1, MINUTE);
  const started = [work(all, {}), work(workers, { limiter: { max: 1, duration: MINUTE } })];
  for (const queue of [all, hand, workers, open]) await queue.addBulk(some);
  await hand.rateLimit(MINUTE);
  await open.upsertJobScheduler('hourly', { every: 60 * MINUTE }, { name: 'tick' });
  await open.upsertJobScheduler('daily', { pattern: '0 3 * * *' }, { name: 'tick' });
  await hold.until(async () => await all.getCompletedCount() === 1 && await workers.getCompletedCount() === 1);
  await step({
    step: 'limited',
    limited: {
      all: await all.getRateLimitTtl(),
      hand: await hand.getRateLimitTtl(Number.MAX_SAFE_INTEGER),
      workers: await workers.getRateLimitTtl(1),
      open: 0,
    },
    schedulers: { all: 0, hand: 0, workers: 0, open: await open.getJobSchedulersCount() },
  });
  await Promise.all(started.map((worker) => worker.close()));
});
