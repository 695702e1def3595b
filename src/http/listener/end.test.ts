/** How a listener ends: what clients of each kind see of it. */
import { afterEach, expect, test } from 'bun:test';
import { eventually } from '../../../test/support/wait.ts';
import { systemClock } from '../../clock.ts';
import { type Listener, listen } from '../listener.ts';

const open: Listener[] = [];
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.drain(0);
});

const log = { info() {}, warn() {}, error() {} };

async function start(
  answer: () => Response | Promise<Response> = () => new Response('here'),
  informational = false,
): Promise<Listener> {
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    reusePort: true,
    http2: false,
    http3: false,
    informational,
    proxyProtocol: false,
    trustedProxies: [],
    idleTimeoutS: 60,
    bodyBytes: 1000,
    handle: answer,
    failed: () => new Response(null, { status: 500 }),
    clock: systemClock,
    log,
  });
  open.push(listener);
  return listener;
}

interface Line {
  ask(): void;
  heard(): string;
  readonly isClosed: boolean;
}

async function connect(port: number): Promise<Line> {
  let text = '';
  let isClosed = false;
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data(_, bytes) {
        text += bytes.toString('latin1');
      },
      close() {
        isClosed = true;
      },
    },
  });
  return {
    ask: () => void socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'),
    heard() {
      const all = text;
      text = '';
      return all.toLowerCase();
    },
    get isClosed() {
      return isClosed;
    },
  };
}

async function answerOf(line: Line): Promise<string> {
  return eventually('an answer', () => line.heard() || null);
}

/** Where the system can take a listening socket from under Bun. */
const canUnlisten = process.platform === 'linux';

test('connections that are kept, and those that have said nothing yet, get an answer that is their last', async () => {
  const listener = await start();
  const kept = await connect(listener.port);
  kept.ask();
  expect(await answerOf(kept)).not.toContain('connection: close');
  const silent = await connect(listener.port);
  const drained = listener.drain(5_000);
  await Bun.sleep(60);
  for (const line of [kept, silent]) {
    line.ask();
    const answer = await answerOf(line);
    expect(answer).toStartWith('http/1.1 200');
    expect(answer).toContain('connection: close');
    await eventually('it to be closed', () => line.isClosed);
  }
  await drained;
});

test('one that nobody asks anything ends soon', async () => {
  const listener = await start();
  const startedMs = performance.now();
  await listener.drain(30_000);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

/** Another process at the same address. */
async function startOther(port: number): Promise<{ kill(): void }> {
  const serve = `Bun.serve({ port: ${port}, hostname: '127.0.0.1', reusePort: true, fetch: () => new Response('other') });
    console.log('listens');`;
  const child = Bun.spawn([process.execPath, '-e', serve], { stdout: 'pipe' });
  await child.stdout.getReader().read();
  return { kill: () => child.kill() };
}

test('what is under way is answered, and new clients go elsewhere at once', async () => {
  const release = Promise.withResolvers<void>();
  const listener = await start(async () => {
    await release.promise;
    return new Response('late');
  });
  const other = canUnlisten ? await startOther(listener.port) : null;
  const lines = await Promise.all(Array.from({ length: 20 }, () => connect(listener.port)));
  for (const line of lines) line.ask();
  await eventually('requests to arrive', () => listener.pending() > 0);
  await Bun.sleep(100);
  const drained = listener.drain(10_000);
  await Bun.sleep(200);
  if (other) {
    for (let at = 0; at < 20; at++) {
      const line = await connect(listener.port);
      line.ask();
      expect(await answerOf(line)).toContain('other');
    }
  }
  release.resolve();
  for (const line of lines) await answerOf(line).then((text) => expect(text).toStartWith('http/1.1 200'));
  await drained;
  other?.kill();
});

/** Of another process: clients that connect anew for each request, until they are refused. Prints how many were answered, and lost. */
const crowd = `
  const port = Number(process.argv.at(-1));
  let answered = 0, lost = 0;
  function ask() {
    const { promise, resolve } = Promise.withResolvers();
    let text = '';
    const ended = () => {
      text.startsWith('HTTP/1.1 200') ? answered++ : lost++;
      resolve(true);
    };
    const socket = {
      open: (socket) => void socket.write('GET / HTTP/1.1\\r\\nHost: a.example\\r\\nConnection: close\\r\\n\\r\\n'),
      data: (_, bytes) => { text += bytes.toString('latin1'); },
      close: ended,
    };
    return Bun.connect({ hostname: '127.0.0.1', port, socket }).then(() => promise, () => false);
  }
  console.log('connects');
  await Promise.all(Array.from({ length: 8 }, async () => { while (await ask()); }));
  console.log(JSON.stringify({ answered, lost }));`;

test.skipIf(!canUnlisten).each([false, true])(
  'no connection is lost that is being made just then (informational: %p)',
  async (informational) => {
    const body = 'here'.repeat(20_000);
    for (let round = 0; round < 3; round++) {
      let asked = 0;
      const answer = () => {
        asked++;
        return new Response(body);
      };
      const listener = await start(answer, informational);
      const command = [process.execPath, '-e', crowd, '--', String(listener.port)];
      const crowds = [1, 2].map(() => Bun.spawn(command, { stdout: 'pipe' }));
      await eventually('the crowds', () => asked > 100);
      await listener.drain(5_000);
      for (const { stdout } of crowds) expect(await stdout.text()).toMatch(/"answered":[1-9]\d*,"lost":0/);
    }
  },
  20_000,
);
