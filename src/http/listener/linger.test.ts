/** When a listener that is to end has nothing more to expect. */
import { expect, test } from 'bun:test';
import { eventually } from '../../../test/support/wait.ts';
import type { Clock } from '../../clock.ts';
import { systemClock } from '../../clock.ts';
import { lingered, requestExpected } from './linger.ts';

/** Of a process that has to wait for its turn: whatever it waits for comes 100 ms later. */
function slowClock() {
  let nowMs = 0;
  let waits = 0;
  const clock: Clock = {
    ...systemClock,
    elapsed: () => nowMs,
    after(ms, run) {
      waits++;
      nowMs += ms + 100;
      return systemClock.after(0, run);
    },
  };
  return { clock, waits: () => waits };
}

const idle = { answered: () => 0, pending: () => 0, expected: async () => false, graceMs: 10_000 };

test('time that a process has not had is no sign that nothing is asked', async () => {
  const { clock, waits } = slowClock();
  await lingered({ ...idle, clock });
  expect(waits()).toBe(4);
});

test('what is expected is waited for, and not for ever', async () => {
  const once = slowClock();
  let looks = 0;
  await lingered({ ...idle, clock: once.clock, expected: async () => ++looks < 3 });
  expect(once.waits()).toBe(6);
  const always = slowClock();
  await lingered({ ...idle, clock: always.clock, expected: async () => true });
  expect(always.clock.elapsed()).toBe(2_000);
});

test.skipIf(process.platform !== 'linux')(
  'a client that has connected and said nothing is expected to',
  async () => {
    await using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('here') });
    const port = server.port ?? 0;
    expect(await requestExpected(port)).toBe(false);
    await (await fetch(server.url)).text();
    await eventually('what was asked long ago to be no sign', async () => !(await requestExpected(port)));
    const held = Bun.listen({ port: 0, hostname: '127.0.0.1', socket: { data() {} } });
    const client = await Bun.connect({ port: held.port, hostname: '127.0.0.1', socket: { data() {} } });
    await Bun.sleep(50);
    expect(await requestExpected(held.port)).toBe(true);
    client.write('GET');
    await eventually('its word to be heard', async () => !(await requestExpected(held.port)));
    client.end();
    held.stop(true);
  },
);
