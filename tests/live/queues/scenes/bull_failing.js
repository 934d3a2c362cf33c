// A third of the jobs fails, none is counted by metrics. Usage: node bull_failing.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const Queue = require(process.argv[2]);

const JOBS = 1200;

scene(async (step) => {
  const queue = new Queue('email', process.argv[3]);
  await queue.add({ n: 1 });
  await step({ step: 'added' });
  queue.process(20, async (job) => { if (job.data.n % 3 === 0) throw new Error('refused'); });
  await hold.until(async () => await queue.getCompletedCount() === 1);
  await queue.addBulk(Array.from({ length: JOBS }, (_, n) => ({ data: { n }, opts: {} })));
  await hold.until(async () => (await queue.getCompletedCount()) + (await queue.getFailedCount()) === JOBS + 1);
  await step({ step: 'ended', completed: await queue.getCompletedCount(), failed: await queue.getFailedCount() });
  await queue.close();
});
