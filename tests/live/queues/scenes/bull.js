// Jobs of Bull in every state. Usage: node bull.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const Queue = require(process.argv[2]);

const url = process.argv[3];
const STATES = ['waiting', 'active', 'delayed', 'paused', 'completed', 'failed'];

async function counts(queues) {
  const result = {};
  for (const [label, queue] of Object.entries(queues)) {
    const own = await queue.getJobCounts();
    result[label] = Object.fromEntries(
      STATES.map((state) => [state, own[state] ?? 0]));
    // Bull counts a paused queue's jobs under `paused`, or leaves the field out.
    result[label].paused = await queue.getPausedCount();
    result[label].waiting = await queue.client.llen(queue.toKey('wait'));
  }
  return result;
}

scene(async (step) => {
  const queues = {
    mail: new Queue('mail', url), late: new Queue('late', url), stopped: new Queue('stopped', url),
    'a:b': new Queue('a:b', url), 'jobs:tagged': new Queue('tagged', url, { prefix: 'jobs' }),
  };
  const { mail, late, stopped } = queues;
  for (const name of ['good', 'good', 'good', 'bad', 'bad']) await mail.add({ name });
  const first = new Queue('mail', url);
  first.process(async (job) => { if (job.data.name === 'bad') throw new Error('bad'); });
  await hold.until(async () => (await mail.getCompletedCount()) === 3 && (await mail.getFailedCount()) === 2);
  await first.close();

  await mail.add({ name: 'endless' });
  const pid = hold.worker(process.argv[2], url, 'mail');
  await hold.until(async () => (await mail.getActiveCount()) === 1);

  const waiting = await mail.add({ n: 1 });
  await mail.add({ n: 2 });
  await mail.add({ n: 3 }, { lifo: true });
  await mail.add({ n: 4 }, { priority: 3 });
  await mail.add({ n: 5 }, { priority: 1 });
  await mail.add({ n: 6 }, { delay: 3_600_000 });
  await late.isReady();
  await late.add({}, { delay: 1_000 });
  await stopped.add({});
  await stopped.pause();
  const held = await stopped.add({});
  await queues['a:b'].add({});
  await queues['jobs:tagged'].add({});

  const facts = async () => ({
    framework: 'bull',
    jobs: await counts(queues),
    paused: { stopped: true, mail: false },
    // What is read is the job that runs next, which was added a moment later.
    oldest: { mail: waiting.timestamp / 1000 },
    tolerance: 0.5,
    added: { mail: 12 },
    overdue: { mail: 0 },
    later: 10,
  });
  const workers = async () => ({ mail: (await mail.getWorkers()).length });
  // Bull 3 names the connections of producers too, and counts them.
  const before = await workers();
  await step({ step: 'filled', ...await facts(), workers: before, orphaned: { mail: 0 }, pid });
  await hold.until(async () => (await workers()).mail < before.mail);
  const jobs = await mail.getActive();
  await hold.until(async () => !(await mail.client.exists(`${mail.toKey(jobs[0].id)}:lock`)));
  await step({ step: 'killed', ...await facts(), workers: await workers(), orphaned: { mail: 1 } });
});
