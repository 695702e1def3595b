import { afterEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { virtualClock } from '../../../test/support/clock.ts';
import { ask, codeOf, ok, rawServers, readerOf, textOf } from '../../../test/support/raw-server.ts';
import { eventually, within } from '../../../test/support/wait.ts';

const upstream = rawServers();

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

describe('time', () => {
  test('runs out for an upstream that does not answer', async () => {
    const clock = virtualClock();
    const { url, heard } = await upstream(() => {});
    const asked = codeOf(ask(url, { clock, timeouts: { firstByteMs: 60_000, betweenBytesMs: 1 } }));
    await eventually('the request', () => heard.length === 1);
    clock.advance(59_999);
    clock.advance(1);
    expect(await asked).toBe('upstream-timeout');
    expect(clock.waiting).toBe(0);
  });

  test('does not run for an upstream while the client still sends', async () => {
    const clock = virtualClock();
    const { url, heard } = await upstream((socket, said) => {
      if (said.endsWith('0\r\n\r\n')) socket.write(ok);
    });
    const client = Promise.withResolvers<void>();
    let sent = false;
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (sent) {
            await client.promise;
            return controller.close();
          }
          sent = true;
          controller.enqueue(new Uint8Array(3));
        },
      },
      { highWaterMark: 0 },
    );
    const asked = ask(url, {
      clock,
      method: 'POST',
      body,
      timeouts: { firstByteMs: 1_000, betweenBytesMs: 1 },
    });
    await eventually('the first chunk', () => heard[0]?.includes('3\r\n\0\0\0'));
    clock.advance(3_600_000);
    client.resolve();
    expect((await asked).status).toBe(200);
  });

  test('runs out for a body that stalls, while it is read', async () => {
    const clock = virtualClock();
    const { url } = await upstream('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok');
    const reader = readerOf(await ask(url, { clock, timeouts: { firstByteMs: 1, betweenBytesMs: 60_000 } }));
    expect((await reader.read()).value?.length).toBe(2);
    clock.advance(3_600_000); // nobody reads
    const read = codeOf(reader.read());
    await Bun.sleep(20);
    clock.advance(60_000);
    expect(await read).toBe('upstream-timeout');
  });

  test('to connect runs out much sooner than time to answer', async () => {
    const hole = await blackHole();
    const timeouts = { connectMs: 1_000, firstByteMs: 60_000, betweenBytesMs: 60_000 };
    const before = performance.now();
    const asked = ask(hole, { timeouts });
    expect(await within(5_000, 'the time-out', codeOf(asked))).toBe('upstream-timeout');
    expect(performance.now() - before).toBeGreaterThan(900);
    await expect(asked).rejects.toThrow('accepts no connection');
  });

  test('to connect is no matter for an upstream that is only slow', async () => {
    const { url, sockets } = await upstream((socket) => void setTimeout(() => socket.write(ok), 400));
    const timeouts = { connectMs: 200, firstByteMs: 60_000, betweenBytesMs: 60_000 };
    expect(await textOf(await ask(url, { timeouts }))).toBe('ok');
    expect(await textOf(await ask(url, { timeouts }))).toBe('ok');
    expect(sockets.length).toBe(1);
  });
});

/** A port that takes a connection or two and then lets nobody in: a queue that is full, and nobody who empties it. */
async function blackHole(): Promise<string> {
  const script = `const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      console.log(server.address().port);
      process.kill(process.pid, 'SIGSTOP');
    });`;
  const child = Bun.spawn(['node', '-e', script], { stdout: 'pipe' });
  closing.push(() => child.kill('SIGKILL'));
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  for (let filling = 0; filling < 4; filling++) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {}); // it is not expected to get anywhere
    closing.push(() => socket.destroy());
  }
  await Bun.sleep(100);
  return `http://127.0.0.1:${port}/`;
}
