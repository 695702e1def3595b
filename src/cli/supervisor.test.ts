import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { silentLog } from '../telemetry/log.ts';
import type { Child, Ready } from './child.ts';
import { supervise } from './supervisor.ts';

const ready: Ready = { urls: ['http://127.0.0.1:1'], control: 'http://127.0.0.1:2' };

/** Children that do what the test says. */
function world(log: Log = silentLog) {
  const clock = virtualClock();
  const children: {
    serve(): void;
    fail(why: string): void;
    exit(code: number | null): void;
    told: string[];
  }[] = [];
  const node = supervise({
    name: 'pop-a',
    clock,
    log,
    async start(): Promise<Child> {
      const served = Promise.withResolvers<Ready>();
      const exited = Promise.withResolvers<number | null>();
      const told: string[] = [];
      children.push({
        told,
        serve: () => served.resolve(ready),
        fail: (why) => served.reject(new Error(why)),
        exit(code) {
          served.reject(new Error(`it ended with code ${code}`));
          exited.resolve(code);
        },
      });
      return {
        pid: children.length,
        ready: served.promise,
        exited: exited.promise,
        stop: () => void told.push('stop'),
        kill: () => void told.push('kill'),
        tell: (message) => void told.push(JSON.stringify(message)),
      };
    },
  });
  node.ready.catch(() => 'the tests that care look at it');
  return { clock, children, node };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

describe('a node that dies', () => {
  test('is started again, each time later', async () => {
    const { clock, children, node } = world();
    await settle();
    children[0]!.serve();
    expect(await node.ready).toEqual(ready);
    for (const pauseMs of [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
      const before = children.length;
      children.at(-1)!.exit(1);
      await settle();
      clock.advance(pauseMs - 1);
      await settle();
      expect(children).toHaveLength(before);
      clock.advance(1);
      await settle();
      expect(children).toHaveLength(before + 1);
    }
  });

  test('after having served well is started again soon', async () => {
    const { clock, children } = world();
    await settle();
    children[0]!.serve();
    await settle();
    for (const code of [1, null, 137]) {
      clock.advance(30_000);
      children.at(-1)!.exit(code);
      await settle();
      clock.advance(250);
      await settle();
      children.at(-1)!.serve();
      await settle();
    }
    expect(children).toHaveLength(4);
  });

  test('has no control address meanwhile', async () => {
    const { clock, children, node } = world();
    await settle();
    expect(node.control()).toBeUndefined();
    children[0]!.serve();
    await settle();
    expect(node.control()).toBe(ready.control);
    children[0]!.exit(1);
    await settle();
    expect(node.control()).toBeUndefined();
    clock.advance(250);
    await settle();
    children[1]!.serve();
    await settle();
    expect(node.control()).toBe(ready.control);
  });
});

test('a node that fails at its first start is not started again', async () => {
  const { clock, children, node } = world();
  await settle();
  children[0]!.fail('port 80 is in use');
  children[0]!.exit(1);
  await expect(node.ready).rejects.toThrow('port 80 is in use');
  await node.ended;
  clock.advance(60_000);
  await settle();
  expect(children).toHaveLength(1);
});

test('a node that was drained by somebody else is left alone', async () => {
  const { clock, children, node } = world();
  await settle();
  children[0]!.serve();
  await settle();
  children[0]!.exit(0);
  await node.ended;
  clock.advance(60_000);
  await settle();
  expect(children).toHaveLength(1);
});

describe('a node that is told to stop', () => {
  test('is told once, and not started again', async () => {
    const { clock, children, node } = world();
    await settle();
    children[0]!.serve();
    await settle();
    const stopped = Promise.all([node.stop(), node.stop()]);
    expect(children[0]!.told).toEqual(['stop']);
    children[0]!.exit(1);
    await stopped;
    clock.advance(60_000);
    await settle();
    expect(children).toHaveLength(1);
  });

  test('while it waits for its next start does not start', async () => {
    const { children, node } = world();
    await settle();
    children[0]!.serve();
    await settle();
    children[0]!.exit(1);
    await settle();
    await node.stop();
    expect(children).toHaveLength(1);
  });

  test('while it starts is told as soon as it can be', async () => {
    const { children, node } = world();
    const stopped = node.stop();
    await settle();
    expect(children[0]!.told).toEqual(['stop']);
    children[0]!.exit(0);
    await stopped;
  });
});
