// Bursts of jobs that are removed as they end; every fourth fails. Usage: node bullmq_burst.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const { Queue, Worker } = require(process.argv[2]);

const connection = hold.connection(process.argv[3]);
const BURSTS = [40, 400, 1000, 4000, 24000];

scene(async (step) => {
  const queue = new Queue('mail', { connection });
  const total = { completed: 0, failed: 0 };
  const send = (jobs) => queue.addBulk(Array.from({ length: jobs }, (_, n) => (
    { name: 'send', data: { n }, opts: { removeOnComplete: true, removeOnFail: true } })));
  const work = async (job) => { if (job.data.n % 4 === 0) throw new Error('refused'); return { sent: job.data.n }; };
  const end = async (jobs) => {
    const wanted = total.completed + total.failed + jobs;
    const worker = new Worker('mail', work, { connection, concurrency: 50 });
    for (const event of Object.keys(total)) worker.on(event, () => { total[event] += 1; });
    await hold.until(async () => total.completed + total.failed === wanted);
    await worker.close();
  };
  await send(4);
  await end(4);
  await step({ step: 'quiet', ...total });
  for (const jobs of BURSTS) {
    for (let sent = 0; sent < jobs; sent += 1000) await send(Math.min(1000, jobs - sent));
    await end(jobs);
    await step({ step: `${jobs} jobs`, ...total });
  }
});
