// Queues of Bee-Queue with one thing each, of any name. Usage: node bee_lone.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const Queue = require(process.argv[2]);

const redis = hold.connection(process.argv[3]);
const open = (name, options = {}) => new Queue(name, { redis, activateDelayedJobs: true, ...options });

scene(async (step) => {
  const jobs = {};
  for (const name of ['new', 'failed', 'id', 'jobs', 'stalling', 'a:b', 'two words', 'ünï']) {
    await open(name).createJob({}).save();
    jobs[name] = { waiting: 1 };
  }
  await open('prefixed', { prefix: 'x:y' }).createJob({}).save();
  jobs['x:y:prefixed'] = { waiting: 1 };
  await open('only late').createJob({}).delayUntil(Date.now() + 3_600_000).save();
  jobs['only late'] = { waiting: 0, delayed: 1 };
  for (const [name, state] of [['only bad', 'failed'], ['only good', 'completed']]) {
    const queue = open(name);
    await queue.createJob({}).save();
    queue.process(async () => { if (state === 'failed') throw new Error('bad'); });
    await hold.until(async () => (await queue.checkHealth())[state === 'failed' ? 'failed' : 'succeeded'] === 1);
    jobs[name] = { waiting: 0, [state]: 1 };
  }
  const busy = open('only busy');
  await busy.createJob({}).save();
  busy.process(() => new Promise(() => {}));
  await hold.until(async () => (await busy.checkHealth()).active === 1);
  jobs['only busy'] = { waiting: 0, active: 1 };
  await step({ step: 'filled', framework: 'bee-queue', jobs });
});
