// Jobs of BullMQ in every state. Usage: node bullmq.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const { Queue, FlowProducer, Worker } = require(process.argv[2]);

const connection = hold.connection(process.argv[3]);
const redis = hold.client(process.argv[3]);
const HOUR = 3_600_000;
const STATES = {
  waiting: 'waiting', active: 'active', delayed: 'delayed', prioritized: 'prioritized', paused: 'paused',
  'waiting-children': 'waiting_children', completed: 'completed', failed: 'failed',
};

async function counts(queues) {
  const result = {};
  for (const queue of queues) {
    const own = await queue.getJobCounts(...Object.keys(STATES));
    result[queue.name] = Object.fromEntries(
      Object.entries(own).filter(([state]) => STATES[state]).map(([state, n]) => [STATES[state], n]));
  }
  return result;
}

scene(async (step) => {
  const names = ['mail', 'late', 'stopped', 'parents', 'quiet'];
  const queues = names.map((name) => new Queue(name, { connection }));
  const [mail, late, stopped, , quiet] = queues;
  const tagged = new Queue('tagged', { connection, prefix: '{shop}' });

  await mail.addBulk([1, 2, 3].map((n) => ({ name: 'good', data: { n } })));
  await mail.addBulk([1, 2].map((n) => ({ name: 'bad', data: { n } })));
  const first = new Worker('mail', async (job) => { if (job.name === 'bad') throw new Error('bad'); },
    { connection, metrics: { maxDataPoints: 10 } });
  await hold.until(async () => (await mail.getCompletedCount()) === 3 && (await mail.getFailedCount()) === 2);
  await first.close();

  await mail.add('endless', {});
  const pid = hold.worker(process.argv[2], process.argv[3], 'mail');
  await hold.until(async () => (await mail.getActiveCount()) === 1);

  await mail.addBulk([1, 2, 3].map((n) => ({ name: 'wait', data: { n } })));
  await mail.add('lifo', {}, { lifo: true });
  await mail.addBulk([1, 2].map((n) => ({ name: 'delay', data: { n }, opts: { delay: HOUR } })));
  await mail.add('urgent', {}, { priority: 5 });
  await mail.add('urgent', {}, { priority: 5 });
  await mail.add('very urgent', {}, { priority: 1 });
  await mail.add('some day', {}, { priority: 200000 });
  await late.add('late', {}, { delay: 1 });
  await stopped.add('held', {});
  await stopped.pause();
  await stopped.add('held', {});
  await new FlowProducer({ connection }).add({
    name: 'parent', queueName: 'parents', data: {},
    children: [{ name: 'child', queueName: 'mail', data: {} }, { name: 'child', queueName: 'quiet', data: {} }],
  });
  await quiet.drain();
  await tagged.add('tagged', {});

  const oldest = {};
  for (const queue of [mail, stopped, tagged]) {
    const jobs = await queue.getJobs(['waiting', 'paused', 'prioritized'], 0, 100);
    oldest[queue.name] = Math.min(...jobs.map((job) => job.timestamp)) / 1000;
  }
  const facts = async () => ({
    framework: 'bullmq',
    jobs: { ...await counts(queues), '{shop}:tagged': (await counts([tagged])).tagged },
    oldest: { mail: oldest.mail, stopped: oldest.stopped, '{shop}:tagged': oldest.tagged },
    paused: { stopped: true, mail: false },
    added: { mail: Number(await redis.get('bull:mail:id')) },
    finished: { mail: { completed: 3, failed: 2 } },
    overdue: { late: 1, mail: 0 },
    later: 10,
  });
  const workers = async () => ({ mail: (await mail.getWorkers()).length, late: (await late.getWorkers()).length });
  await step({ step: 'filled', ...await facts(), workers: await workers(), orphaned: { mail: 0 }, pid });
  await hold.until(async () => (await workers()).mail === 0);
  const jobs = await mail.getActive();
  await hold.until(async () => !(await redis.exists(`bull:mail:${jobs[0].id}:lock`)));
  await step({ step: 'killed', ...await facts(), workers: await workers(), orphaned: { mail: 1 } });
});
