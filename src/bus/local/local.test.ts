import { describe, expect, test } from 'bun:test';
import { cp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporary } from '../../../test/support/temporary.ts';
import { eventually } from '../../../test/support/wait.ts';
import { systemClock } from '../../clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { busContract } from '../bus.contract.ts';
import { type FragileWorld, lossContract } from '../loss.contract.ts';
import { openBus } from '../open.ts';
import { viewContract } from '../view.contract.ts';
import { hear, note, upTo } from '../world.contract.ts';

/** Those who have the file open find out within a second that it is another one. */
const noticedMs = 1_500;
/** The log as processes have written it, and what they have written ahead. */
const suffixes = ['', '-wal', '-shm'];

async function world(): Promise<FragileWorld> {
  const folder = temporary('bus');
  const path = join(folder.path, 'bus', 'log.sqlite');
  return {
    settings: (keep, publishMs) => ({ driver: 'local', path, keep, publishMs }),
    renew: async () => {
      for (const suffix of suffixes) await rm(path + suffix, { force: true });
    },
    async save() {
      const saved = join(folder.path, 'saved.sqlite');
      for (const suffix of suffixes) await cp(path + suffix, saved + suffix);
      return async () => {
        for (const suffix of suffixes) await rm(path + suffix, { force: true });
        for (const suffix of suffixes.toReversed()) await rename(saved + suffix, path + suffix);
        await Bun.sleep(noticedMs);
      };
    },
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
}

busContract('the local bus', world);
viewContract('the local bus', world);
lossContract('the local bus', world);

const keep = { events: 100_000, ageMs: 60_000 };

function open(path: string, publisher: string) {
  return openBus(
    { driver: 'local', path, keep, publishMs: 5000 },
    { clock: systemClock, log: silentLog, publisher },
  );
}

/** A process that publishes numbers one by one until it is killed, and prints each that was acknowledged. */
const publishing = (path: string) => `
  import { openBus } from ${JSON.stringify(join(import.meta.dir, '..', 'open.ts'))};
  import { systemClock } from ${JSON.stringify(join(import.meta.dir, '..', '..', 'clock.ts'))};
  const log = { warn() {} };
  const settings = { driver: 'local', path: ${JSON.stringify(path)}, keep: { events: 100000, ageMs: 60000 }, publishMs: 5000 };
  const bus = await openBus(settings, { clock: systemClock, log, publisher: 'child' });
  for (let number = 0; ; number++) {
    await bus.publish('notes', { type: 'note', version: 1, data: number });
    process.stdout.write(number + '\\n');
  }
`;

describe('the local bus', () => {
  test('delivers what another process publishes, and keeps what that has been told is kept, when it is killed', async () => {
    using folder = temporary('bus');
    const path = join(folder.path, 'log.sqlite');
    const bus = await open(path, 'here');
    const heard = hear(bus, 'notes', 'oldest');
    await Bun.write(join(folder.path, 'child.ts'), publishing(path));
    const child = Bun.spawn([process.execPath, join(folder.path, 'child.ts')], { stdout: 'pipe' });
    await eventually('some events', () => heard.deliveries.length > 200);
    child.kill('SIGKILL');
    const acknowledged = (await child.stdout.text()).trim().split('\n').length;
    await eventually('all of them', () => heard.deliveries.length >= acknowledged);
    expect(heard.numbers()).toEqual(heard.numbers().map((_, index) => index));
    expect(heard.deliveries[0]?.publisher).toBe('child');
    await bus.publish('notes', note('after'));
    await bus.close();
    const again = await open(path, 'again');
    const replayed = hear(again, 'notes', heard.deliveries[99]!.position);
    await eventually('the last', () => replayed.numbers().at(-1) === 'after');
    expect(replayed.numbers()[0]).toBe(100);
    await again.close();
  });

  test('brings what was written ahead into the file, and goes on while that is done', async () => {
    using folder = temporary('bus');
    const path = join(folder.path, 'log.sqlite');
    const bus = await open(path, 'here');
    const heard = hear(bus, 'notes', 'oldest');
    const size = async (suffix: string) => (await stat(path + suffix)).size;
    for (const number of upTo(600)) await bus.publish('notes', note({ number, text: 'x'.repeat(5_000) }));
    expect(await size('-wal')).toBeGreaterThan(2 * 2 ** 20);
    await eventually('the file', async () => (await size('-wal')) < 2 ** 20, { withinMs: 15_000 });
    expect(await size('')).toBeGreaterThan(2 * 2 ** 20);
    await bus.publish('notes', note('after'));
    await eventually('the last', () => heard.numbers().at(-1) === 'after');
    await bus.close();
  }, 30_000);

  test('drops events that are too old when something is published', async () => {
    let nowMs = 1_000_000;
    const clock = { ...systemClock, now: () => nowMs };
    const settings = { driver: 'local', path: ':memory:', keep, publishMs: 1000 } as const;
    const bus = await openBus(settings, { clock, log: silentLog, publisher: 'here' });
    const first = await bus.publish('notes', note(1));
    await bus.publish('notes', note(2));
    nowMs += keep.ageMs + 1;
    const last = await bus.publish('notes', note(3));
    const heard = hear(bus, 'notes', { ...first, sequence: 0 });
    await eventually('to catch up', () => heard.caughtUp.length === 1);
    expect(heard.gaps).toEqual([{ ...last, sequence: last.sequence - 1 }]);
    expect(heard.numbers()).toEqual([3]);
    await bus.close();
  });

  test('puts a damaged file aside and begins another log', async () => {
    using folder = temporary('bus');
    const path = join(folder.path, 'log.sqlite');
    const before = await open(path, 'before');
    const place = await before.publish('notes', note(1));
    await before.close();
    await Bun.write(
      path,
      'this is no database, but it is long enough to look like something else'.repeat(20),
    );
    const after = await open(path, 'after');
    const heard = hear(after, 'notes', place);
    await eventually('to catch up', () => heard.caughtUp.length === 1);
    expect(heard.gaps.length).toBe(1);
    expect(await Bun.file(`${path}.damaged`).exists()).toBe(true);
    await after.close();
  });

  test('opens where its folder cannot be made, and comes to life when it can', async () => {
    using folder = temporary('bus');
    const inTheWay = join(folder.path, 'bus');
    await Bun.write(inTheWay, 'a file');
    const bus = await open(join(inTheWay, 'log.sqlite'), 'here');
    expect(bus.state).toBe('disconnected');
    const heard = hear(bus, 'notes', 'oldest');
    const publishing = bus.publish('notes', note(1));
    await rm(inTheWay);
    await publishing;
    await eventually('the event', () => heard.deliveries.length === 1);
    expect(bus.state).toBe('connected');
    await bus.close();
  });

  test('refuses an event that is too long, and delivers the others', async () => {
    const bus = await open(':memory:', 'here');
    const heard = hear(bus, 'notes', 'now');
    await expect(bus.publish('notes', note('x'.repeat(600_000)))).rejects.toThrow('longer than');
    await bus.publish('notes', note('short'));
    await eventually('the other', () => heard.numbers().length === 1);
    await bus.close();
  });
});
