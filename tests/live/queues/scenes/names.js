// Queues of any name, each in a database of its own making and with one job: of Bull or BullMQ.
// Usage: node names.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const module_ = require(process.argv[2]);

const url = process.argv[3];
const isBullMq = process.argv[2].startsWith('bullmq');
const HOUR = 3_600_000;
// Words of the layout; in BullMQ's names there are no colons.
const WORDS = [
  'logs', 'lock', 'failed', 'processed', 'dependencies', 'unsuccessful', 'wait', 'waiting', 'active', 'paused', 'delayed',
  'prioritized', 'priority', 'completed', 'meta', 'id', 'events', 'stalled', 'stalled-check', 'marker', 'jobs', 'metrics',
  'repeat', 'queues', '1', 'two words', 'ünï çødé 🐂', '{braces}', 'a.b', '*', '[x]?', 'bull',
  ...(isBullMq ? [] : ['a:b', 'mail:failed', 'x:1:logs', 'a::b']),
];
const PREFIXES = ['bull', 'a:b', '{shop}', 'with space', 'bull:bull'];

function open(name, prefix = 'bull') {
  if (isBullMq) return new module_.Queue(name, { connection: hold.connection(url), prefix });
  return new module_(name, url, { prefix });
}

async function add(queue, options = {}) {
  return isBullMq ? queue.add('job', {}, options) : queue.add({}, options);
}

/** Run the jobs of a queue until `isDone`, then leave. */
async function work(name, isDone) {
  const process_ = async () => { throw new Error('bad'); };
  const worker = isBullMq ? new module_.Worker(name, process_, { connection: hold.connection(url) }) : open(name);
  if (!isBullMq) worker.process(process_);
  await hold.until(isDone);
  await worker.close();
}

scene(async (step) => {
  const jobs = {};
  for (const prefix of PREFIXES) {
    for (const name of WORDS) {
      const queue = open(name, prefix);
      await add(queue);
      await queue.close();
      // Two stems of the same letters are one queue's keys.
      jobs[prefix === 'bull' || prefix === 'bull:bull' ? `${prefix}:${name}`.slice(5) : `${prefix}:${name}`] = { waiting: 1 };
    }
  }

  const late = open('only late');
  await add(late, { delay: HOUR });
  jobs['only late'] = { waiting: 0, delayed: 1 };

  const bad = open('only bad');
  await add(bad);
  await work('only bad', async () => (await bad.getFailedCount()) === 1);
  jobs['only bad'] = { waiting: 0, failed: 1 };

  const held = open('only held');
  await held.pause();
  await add(held);
  jobs['only held'] = await (async () => {
    const redis = hold.client(url);
    const paused = await redis.llen('bull:only held:paused');
    redis.disconnect();
    return { waiting: 1 - paused, paused };
  })();

  const mine = open('own id');
  await add(mine, { jobId: 'my-id' });
  jobs['own id'] = { waiting: 1 };

  if (isBullMq) {
    const urgent = open('only urgent');
    await add(urgent, { priority: 5 });
    jobs['only urgent'] = { waiting: 0, prioritized: 1 };
    const made = open('only made');
    await made.waitUntilReady();
    jobs['only made'] = { waiting: 0 };
    const emptied = open('emptied');
    await (await add(emptied)).remove();
    jobs.emptied = { waiting: 0 };
    await new module_.FlowProducer({ connection: hold.connection(url) }).add({
      name: 'parent', queueName: 'only parents', data: {}, children: [{ name: 'child', queueName: 'only children', data: {} }],
    });
    jobs['only parents'] = { waiting: 0, waiting_children: 1 };
    jobs['only children'] = { waiting: 1 };
  }
  const idle = isBullMq
    ? new module_.Worker('only served', async () => {}, { connection: hold.connection(url) })
    : open('only served');
  if (!isBullMq) idle.process(async () => {});
  const redis = hold.client(url);
  await hold.until(async () => redis.exists('bull:only served:stalled-check'));
  const name = `bull:${Buffer.from('only served').toString('base64')}`;
  await hold.until(async () => (await redis.client('LIST')).includes(`name=${name} `));
  jobs['only served'] = { waiting: 0 };

  await step({ step: 'filled', framework: isBullMq ? 'bullmq' : 'bull', jobs, later: 1 });
});
