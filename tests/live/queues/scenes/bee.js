// Jobs of Bee-Queue in every state. Usage: node bee.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const Queue = require(process.argv[2]);

const redis = hold.connection(process.argv[3]);

async function counts(queues) {
  const result = {};
  for (const queue of queues) {
    const { waiting, active, succeeded, failed, delayed } = await queue.checkHealth();
    result[queue.name] = { waiting, active, completed: succeeded, failed, delayed };
  }
  return result;
}

scene(async (step) => {
  const options = { redis, removeOnSuccess: false, activateDelayedJobs: false, stallInterval: 3000 };
  const mail = new Queue('mail', options);
  const empty = new Queue('empty', options);
  for (const name of ['good', 'good', 'bad']) await mail.createJob({ name }).save();
  const worker = new Queue('mail', options);
  worker.process(2, async (job) => {
    if (job.data.name === 'bad') throw new Error('bad');
  });
  await hold.until(async () => {
    const { succeeded, failed } = await mail.checkHealth();
    return succeeded === 2 && failed === 1;
  });
  await worker.close();
  await mail.createJob({ name: 'endless' }).save();
  await mail.createJob({ name: 'endless' }).save();
  const pid = hold.worker(process.argv[2], redis.host, redis.port, 'mail');
  await hold.until(async () => (await mail.checkHealth()).active === 2);
  const client = hold.client(process.argv[3]);
  const oldest = await mail.createJob({ name: 'wait' }).save();
  await mail.createJob({ name: 'wait' }).save();
  await mail.createJob({ name: 'delay' }).delayUntil(Date.now() + 3_600_000).save();
  await empty.createJob({ name: 'gone' }).save();
  const gone = new Queue('empty', options);
  gone.process(async () => {});
  await hold.until(async () => (await empty.checkHealth()).succeeded === 1);
  const facts = async () => ({
    framework: 'bee-queue', jobs: await counts([mail, empty]), added: { mail: 8, empty: 1 },
    oldest: { mail: oldest.options.timestamp / 1000 }, overdue: { mail: 0 },
  });
  // A check asks all running jobs, and the worker answers.
  await mail.checkStalledJobs();
  await hold.until(async () => !(await client.exists('bq:mail:stalling')));
  await step({ step: 'filled', ...await facts(), orphaned: { mail: 0 }, pid });
  // Nobody answers the next one.
  const noCheckRuns = async () => !(await client.exists('bq:mail:stallBlock'));
  await hold.until(noCheckRuns);
  await mail.checkStalledJobs();
  await hold.until(noCheckRuns);
  await step({ step: 'killed', ...await facts(), orphaned: { mail: 2 } });
});
