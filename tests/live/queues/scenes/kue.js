// Jobs of Kue in every state. Usage: node kue.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const kue = require(process.argv[2]);

const STATES = { waiting: 'inactive', active: 'active', delayed: 'delayed', failed: 'failed', completed: 'complete' };
const queue = kue.createQueue({ redis: process.argv[3] });
const call = (...args) => new Promise((resolve, reject) => {
  const method = args.shift();
  queue[method](...args, (error, value) => (error ? reject(error) : resolve(value)));
});

async function add(type, change = (job) => job) {
  const job = change(queue.create(type, { title: type }));
  await new Promise((resolve, reject) => job.save((error) => (error ? reject(error) : resolve())));
  return job;
}

async function counts() {
  const jobs = { '*': {} };
  for (const type of await call('types')) {
    jobs[type] = {};
    for (const [state, own] of Object.entries(STATES)) jobs[type][state] = await call('cardByType', type, own);
  }
  return jobs;
}

scene(async (step) => {
  queue.process('mail', (job, done) => done(job.data.title === 'bad' ? new Error('bad') : null));
  await add('mail');
  await add('mail');
  await add('mail', (job) => { job.data.title = 'bad'; return job; });
  await hold.until(async () => (await call('cardByType', 'mail', 'complete')) === 2);
  await hold.until(async () => (await call('cardByType', 'mail', 'failed')) === 1);
  queue.process('slow', () => {});
  await add('slow');
  await hold.until(async () => (await call('cardByType', 'slow', 'active')) === 1);
  await add('slow');
  // Within one priority jobs run in their order; the oldest of all need not be the next.
  const oldest = await add('a:b', (job) => job.priority('low'));
  await hold.until(async () => Date.now() > Number(oldest.created_at) + 50);
  await add('a:b', (job) => job.priority('critical'));
  await add('mail', (job) => job.delay(3_600_000));
  const facts = async () => ({
    framework: 'kue', jobs: await counts(), added: { '*': 8 }, overdue: { '*': 0 },
    oldest: { 'a:b': Number(oldest.created_at) / 1000 },
  });
  await step({ step: 'filled', ...await facts(), stuck: { slow: 0 } });
  await step({ step: 'late', ...await facts(), overdue: { '*': 1 }, stuck: { slow: 1 }, later: 7200 });
});
