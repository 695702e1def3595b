import { describe, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { ask, codeOf, ok, rawServers, textOf } from '../../../test/support/raw-server.ts';
import { eventually } from '../../../test/support/wait.ts';

const upstream = rawServers();

/** Answers nothing before it is told to. */
async function gated() {
  const held: Socket[] = [];
  let shut = true;
  const server = await upstream((socket) => {
    if (shut) held.push(socket);
    else socket.write(ok);
  });
  return {
    ...server,
    held,
    lift() {
      shut = false;
      for (const socket of held) socket.write(ok);
    },
  };
}

describe('connections to one upstream', () => {
  test('are no more than a bound; requests wait for one, and beyond another bound fail', async () => {
    const { url, sockets, held, lift } = await gated();
    const timeouts = { connectMs: 30_000, firstByteMs: 30_000, betweenBytesMs: 30_000 };
    const asked = Array.from({ length: 2048 }, () => ask(url, { timeouts }).then(textOf));
    await eventually('all that may come', () => held.length === 1024);
    expect(await codeOf(ask(url))).toBe('overloaded');
    expect(sockets.length).toBe(1024);
    lift();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['ok']));
    expect(sockets.length).toBe(1024);
  });

  test('are opened some at a time, where that is said, and nobody is left behind', async () => {
    const { url, sockets, lift } = await gated();
    const timeouts = { connectMs: 30_000, firstByteMs: 30_000, betweenBytesMs: 30_000 };
    const bounds = { connections: 100, connecting: 3, waiting: 100 };
    const asked = Array.from({ length: 50 }, () => ask(url, { timeouts, bounds }).then(textOf));
    await eventually('all of them, in the end', () => sockets.length === 50);
    lift();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['ok']));
  });

  test('that cannot be opened make room for those that wait', async () => {
    const bounds = { connections: 100, connecting: 1, waiting: 100 };
    const asked = Array.from({ length: 5 }, () => codeOf(ask('http://127.0.0.1:1', { bounds })));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['upstream-unreachable']));
  });

  test('whose request is given up make room for one that waits', async () => {
    const { url, sockets, held, lift } = await gated();
    const timeouts = { connectMs: 30_000, firstByteMs: 30_000, betweenBytesMs: 30_000 };
    const leaving = new AbortController();
    const reason = new Error('left');
    const first = codeOf(ask(url, { timeouts, signal: leaving.signal }));
    const others = Array.from({ length: 1023 }, () => ask(url, { timeouts }).then(textOf));
    await eventually('all that may come', () => held.length === 1024);
    const waiting = ask(url, { timeouts }).then(textOf);
    const left = new AbortController();
    const gone = codeOf(ask(url, { timeouts, signal: left.signal }));
    left.abort(reason);
    expect(await gone).toBe(reason);
    leaving.abort(reason);
    expect(await first).toBe(reason);
    await eventually('the one that waits', () => sockets.length === 1025);
    lift();
    expect(await waiting).toBe('ok');
    await Promise.all(others);
  });
});
