// What the scenes have in common: they prepare a server step by step, and wait to be told to go on.
const { fork } = require('child_process');
const path = require('path');
const readline = require('readline');
const Redis = require('ioredis');

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Play a scene: `step(facts)` reports facts as one line of JSON and waits for a line to go on. */
async function scene(play) {
  try {
    await play(async (facts) => {
      process.stdout.write(JSON.stringify(facts) + '\n');
      await lines.next();
    });
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  }
}

const hold = {
  connection(url) {
    const { hostname, port } = new URL(url);
    return { host: hostname, port: Number(port) };
  },

  /** A client of our own, to ask for what a framework does not tell. */
  client(url) {
    return new Redis(url);
  },

  /** Wait until something has become true; give up after 20 seconds. */
  async until(condition) {
    const deadline = Date.now() + 20_000;
    while (!await condition()) {
      if (Date.now() > deadline) throw new Error(`not within 20 s: ${condition}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  },

  /** Start a worker of its own process that never ends its job; its process id, to be killed. */
  worker(...args) {
    return fork(path.join(__dirname, `${path.basename(process.argv[1], '.js')}_worker.js`), args).pid;
  },
};

module.exports = { scene, hold };
