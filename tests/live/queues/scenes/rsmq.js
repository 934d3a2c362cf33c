// Messages of rsmq in every state. Usage: node rsmq.js MODULE REDIS_URL
const { scene, hold } = require('./stage');
const Rsmq = require(process.argv[2]);

const connection = hold.connection(process.argv[3]);
const queues = new Rsmq(connection);
const elsewhere = new Rsmq({ ...connection, ns: 'shop' });

async function attributes(names) {
  const jobs = {};
  for (const qname of names) {
    const { msgs, hiddenmsgs } = await queues.getQueueAttributesAsync({ qname });
    jobs[qname] = { waiting: msgs - hiddenmsgs };
  }
  return jobs;
}

scene(async (step) => {
  for (const qname of ['mail', 'empty']) await queues.createQueueAsync({ qname, vt: 600 });
  await elsewhere.createQueueAsync({ qname: 'cart' });
  await elsewhere.sendMessageAsync({ qname: 'cart', message: 'x' });
  for (const message of ['done', 'held']) await queues.sendMessageAsync({ qname: 'mail', message });
  const done = await queues.receiveMessageAsync({ qname: 'mail' });
  await queues.deleteMessageAsync({ qname: 'mail', id: done.id });
  await queues.receiveMessageAsync({ qname: 'mail' });
  await queues.sendMessageAsync({ qname: 'mail', message: 'later', delay: 3600 });
  const client = hold.client(process.argv[3]);
  const sent = await client.time();
  await queues.sendMessageAsync({ qname: 'mail', message: 'waits' });
  await queues.sendMessageAsync({ qname: 'mail', message: 'waits' });
  // What is visible is told by whole seconds.
  await hold.until(async () => Number((await client.time())[0]) > Number(sent[0]) + 1);
  const told = await attributes(['mail', 'empty']);
  const facts = {
    framework: 'rsmq',
    jobs: {
      mail: { ...told.mail, active: 1, delayed: 1 },
      empty: { ...told.empty, active: 0, delayed: 0 },
      'shop:cart': { waiting: 1 },
    },
    added: { mail: 5, empty: 0 },
    finished: { mail: { completed: 1 }, empty: { completed: 0 } },
    oldest: { mail: Number(sent[0]) + Number(sent[1]) / 1e6 },
    tolerance: 0.5,
  };
  await step({ step: 'filled', ...facts });
});
