import { describe, expect, test } from 'bun:test';
import { type StatusMessage, statusMessage } from './messages.ts';
import { purgesTogether, statusTogether } from './together.ts';

function status(more: Record<string, unknown> = {}): StatusMessage {
  return statusMessage.parse({
    name: 'pop-a',
    role: 'pop',
    startedAtMs: 5,
    urls: ['http://127.0.0.1:1'],
    requests: 3,
    hits: 2,
    errors: 1,
    memory: { entries: 1, bytes: 2, limitBytes: 3 },
    disk: { entries: 10, bytes: 20, limitBytes: 30, state: 'ready' },
    fills: 1,
    bus: 'connected',
    rssBytes: 5,
    purging: { state: 'current', gaps: 0, suspected: 0 },
    parents: [{ name: 'shield', healthy: true }],
    kv: [],
    pid: 7,
    ...more,
  });
}

describe('workers, as one node', () => {
  test('add up what they count, and say the worst of how they are', () => {
    const other = status({
      startedAtMs: 1,
      disk: { entries: 1, bytes: 2, limitBytes: 3, state: 'opening' },
      bus: 'disconnected',
      purging: { state: 'behind', gaps: 1, suspected: 2 },
      parents: [{ name: 'shield', healthy: false }],
    });
    expect(statusTogether([status(), undefined, other])).toMatchObject({
      name: 'pop-a',
      startedAtMs: 1,
      requests: 6,
      hits: 4,
      errors: 2,
      memory: { entries: 2, bytes: 4, limitBytes: 6 },
      disk: { entries: 11, bytes: 22, limitBytes: 33, state: 'opening' },
      bus: 'disconnected',
      purging: { state: 'behind', gaps: 1, suspected: 2 },
      parents: [{ name: 'shield', healthy: false }],
      workers: [
        { worker: 1, state: 'up', pid: 7 },
        { worker: 2, state: 'down' },
        { worker: 3, state: 'up', pid: 7 },
      ],
    });
    expect(() => statusTogether([undefined])).toThrow('no worker of the node answers');
  });

  test('predict together, and have turned down what one of them has', () => {
    const predict = (precision: number, threshold: number) => ({
      ...{
        goal: 0.8,
        sessions: 1,
        waiting: 2,
        underWay: 3,
        windowBytes: 4,
        atOnce: 5,
        unusedBytes: 6,
        roomBytes: 7,
      },
      learned: { names: 8, bytes: 9 },
      standings: [{ source: 'known', route: 'npm', precision, threshold }],
    });
    const both = [status({ predict: predict(0.9, 0.5) }), status({ predict: predict(0.1, 2) })];
    expect(statusTogether(both).predict).toEqual({
      ...{
        goal: 0.8,
        sessions: 2,
        waiting: 4,
        underWay: 6,
        windowBytes: 8,
        atOnce: 10,
        unusedBytes: 12,
        roomBytes: 14,
      },
      learned: { names: 16, bytes: 18 },
      standings: [{ source: 'known', route: 'npm', precision: 0.1, threshold: 2 }],
    });
    expect(statusTogether([status({ predict: null }), status({ predict: null })]).predict).toBeNull();
    expect(statusTogether([status()]).predict).toBeUndefined();
  });

  test('are in one ring, whose members any of them may pass over', () => {
    const member = (name: string, isUp: boolean) => ({ name, share: 0.5, isUp });
    const ring = (own: string, other: boolean) => ({
      name: 'lhr',
      own,
      relayed: 2,
      failed: 1,
      members: [member('a.1', true), member('b.1', other)],
    });
    const both = [status({ ring: ring('a.1', true) }), status({ ring: ring('a.2', false) })];
    expect(statusTogether(both).ring).toEqual({
      name: 'lhr',
      relayed: 4,
      failed: 2,
      members: [member('a.1', true), member('b.1', false)],
    });
    expect(statusTogether([status()]).ring).toBeUndefined();
  });

  test('have purged when all have, and as durably as the least of them', () => {
    const selector = { by: 'all' } as const;
    const one = { purged: [{ selector, sequence: 4, recorded: 'disk' as const }] };
    const other = { purged: [{ selector, sequence: 9, recorded: 'memory' as const }] };
    expect(purgesTogether([one, one])).toEqual(one);
    expect(purgesTogether([one, other])).toEqual({ purged: [{ selector, sequence: 4, recorded: 'memory' }] });
    const refusal = { reasons: ['no such route'], because: 'targets' as const };
    expect(purgesTogether([one, refusal])).toEqual(refusal);
  });
});
