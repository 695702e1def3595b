import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { eventually, temporary } from '../../../test/support/index.ts';
import { systemClock } from '../../clock.ts';
import { openSqlite } from '../../origin/metadata/sqlite.ts';
import type { MetadataStore } from '../../store.ts';
import { openReplica } from '../replica/replica.ts';
import type { TokenText } from '../token.ts';
import { keys } from './documents.ts';
import { keyOf, type News, viewName } from './news.ts';
import { openRegister } from './register.ts';

const operator = { by: 'operator', token: null, from: null };
const around = { clock: systemClock, openRoutes: () => [], warn: () => undefined };

describe('what the bus has of access', () => {
  const folder = temporary('reconcile');
  let metadata: MetadataStore;
  beforeAll(async () => {
    metadata = await openSqlite({ path: `${folder.path}/metadata.db`, clock: systemClock });
  });
  afterAll(async () => {
    await metadata.close();
    folder[Symbol.dispose]();
  });

  /** What a node says of a token that hears of all this only now. */
  function newcomer(world: ReturnType<typeof hub>, text: TokenText): unknown {
    const replica = openReplica({ bus: world.join('pop'), ...around });
    return replica.ready.then(() => {
      const found = replica.identify(text, Date.now(), () => '');
      replica.close();
      return typeof found === 'string' ? found : found.name;
    });
  }

  test('is told anew where it is lost, whatever it was', async () => {
    const before = openRegister({ metadata, bus: hub().join('origin'), ...around });
    await before.addUser(operator, { name: 'alice' });
    const { text, token } = await before.makeToken(operator, { owner: 'user:alice' });
    const revoked = await before.makeToken(operator, { owner: 'user:alice' });
    await before.revokeToken(operator, revoked.token.id);
    await before.told(5_000);
    await before.close();

    const world = hub();
    const bus = world.join('origin');
    const register = openRegister({ metadata, bus, ...around });
    await eventually('all of it to be there', async () => (await newcomer(world, text)) === 'user:alice');
    expect(await newcomer(world, revoked.text)).toBe('unknown');

    // One of two origins that tell the same was slow: what it puts has been replaced.
    const view = bus.view(viewName);
    const late = (await view.get(keyOf('token', token.hash)))?.value;
    await register.revokeToken(operator, token.id);
    await register.told(5_000);
    await view.put(keyOf('token', token.hash), late);
    await eventually('what is old to be put right', async () => (await newcomer(world, text)) === 'unknown');

    await view.put(keyOf('token', 'x'.repeat(43)), late);
    await view.delete(keyOf('user', 'alice'));
    await eventually('what is none to be none', async () => {
      const [made, user] = await Promise.all([
        view.get(keyOf('token', 'x'.repeat(43))),
        view.get('user.alice'),
      ]);
      return Object(made?.value).value === null && Object(user?.value).value?.name === 'alice';
    });
    await register.close();
  });

  test('is told anew where one of many is missing, is otherwise, or should not be there', async () => {
    const world = hub();
    const bus = world.join('origin');
    const owner = 'machine:many';
    const first = openRegister({ metadata, bus, ...around });
    const made = await Promise.all(Array.from({ length: 300 }, () => first.makeToken(operator, { owner })));
    expect(await first.told(5_000)).toBe(true);
    await first.close();

    const view = bus.view(viewName);
    const [missing, other, revoked] = made.map(({ token }) => keyOf('token', token.hash));
    const there = await Promise.all(
      [other, revoked].map(async (key = '') => (await view.get(key))?.value as News & { of: 'token' }),
    );
    const [otherwise, good] = there;
    await view.delete(missing ?? '');
    await view.put(other ?? '', { ...otherwise, value: { ...otherwise?.value, expiresMs: 5 } });
    await view.put(revoked ?? '', { ...good, value: null });
    await view.put(keyOf('token', 'y'.repeat(43)), good);
    const said: unknown[] = [];
    const second = openRegister({ metadata, bus, ...around, warn: (_, fields) => void said.push(fields) });
    await eventually('all to be put right', async () => {
      const [one, two, three, none] = await Promise.all(
        [missing, other, revoked, keyOf('token', 'y'.repeat(43))].map(
          async (key = '') => Object((await view.get(key))?.value).value as unknown,
        ),
      );
      return (
        Object(one).id === made[0]?.token.id &&
        Object(two).expiresMs === null &&
        Object(three).owner === owner &&
        none === null
      );
    });
    await second.close();
    // With those that are summed up together with them, by chance.
    const { changes } = said[0] as { changes: number };
    expect(changes).toBeGreaterThanOrEqual(4);
    expect(changes).toBeLessThan(10);
  });

  test('remembers that something is gone for a day', async () => {
    let aheadMs = 0;
    const tasks: (() => void)[] = [];
    const clock = {
      now: () => systemClock.now() + aheadMs,
      elapsed: systemClock.elapsed,
      after(delayMs: number, task: () => void) {
        if (delayMs < 60_000) return systemClock.after(delayMs, task);
        tasks.push(task);
        return () => undefined;
      },
    };
    const world = hub();
    const bus = world.join('origin');
    const register = openRegister({ metadata, bus, ...around, clock });
    const { token } = await register.makeToken(operator, { owner: 'machine:ci' });
    await register.revokeToken(operator, token.id);
    await register.told(5_000);
    const held = () => bus.view(viewName).get(keyOf('token', token.hash));
    const sweep = () => {
      for (const task of tasks.splice(0)) task();
    };
    sweep();
    await eventually('it to have looked', () => tasks.length > 0);
    expect((await held())?.value).toMatchObject({ value: null });
    aheadMs = 25 * 60 * 60_000;
    sweep();
    await eventually('it to be forgotten', async () => ((await held())?.value ?? null) === null);
    expect(await metadata.scan(keys.gone(0, 0).slice(0, 2))).toEqual([]);
    await register.close();
  });
});
