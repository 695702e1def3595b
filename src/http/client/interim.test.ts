import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { ask, codeOf, ok, rawServers, textOf } from '../../../test/support/raw-server.ts';
import { eventually } from '../../../test/support/wait.ts';

const upstream = rawServers();

/** Notes what it is told. */
function ear() {
  const told: [status: number, fields: [string, string][]][] = [];
  return { told, inform: (status: number, headers: Headers) => void told.push([status, [...headers]]) };
}

describe('interim responses', () => {
  test('are told in their order, with their fields, before the answer is', async () => {
    const { url } = await upstream((socket) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Ea');
      setTimeout(() => socket.write('rly Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n'), 5);
      setTimeout(() => socket.write(ok), 10);
    });
    const { told, inform } = ear();
    const answer = await ask(url, { inform });
    expect(told).toEqual([
      [102, []],
      [103, [['link', '</a>, </b>']]],
    ]);
    expect([answer.status, await textOf(answer)]).toEqual([200, 'ok']);
    expect([...answer.headers.keys()]).toEqual(['content-length']);
  });

  test('beyond a bound are refused', async () => {
    const { url } = await upstream('HTTP/1.1 102 Processing\r\n\r\n'.repeat(65) + ok);
    expect(await codeOf(ask(url))).toBe('upstream-invalid');
  });

  test('show that the upstream is at work, so that it has its time anew', async () => {
    const clock = virtualClock();
    const { url, sockets, heard } = await upstream(() => {});
    const { told, inform } = ear();
    const asked = ask(url, { clock, inform, timeouts: { firstByteMs: 1_000, betweenBytesMs: 1_000 } });
    await eventually('the request', () => heard.length === 1);
    for (let round = 1; round <= 3; round++) {
      clock.advance(900);
      sockets[0]?.write('HTTP/1.1 102 Processing\r\n\r\n');
      await eventually('the word', () => told.length === round);
    }
    sockets[0]?.write(ok);
    expect((await asked).status).toBe(200);
  });
});

describe('a body with Expect: 100-continue', () => {
  const expecting = () => ({
    method: 'POST',
    headers: new Headers({ expect: '100-continue' }),
    body: new Blob(['abc']).stream(),
  });

  test('is sent when the upstream wants it', async () => {
    const { url, heard } = await upstream((socket, said) => {
      if (said.endsWith('0\r\n\r\n')) socket.write(ok);
      else setTimeout(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 20);
    });
    expect((await ask(url, expecting())).status).toBe(200);
    expect(heard[0]).toContain('\r\nexpect: 100-continue\r\n');
    expect(heard[0]).toEndWith('3\r\nabc\r\n0\r\n\r\n');
  });

  test('is not sent when the upstream answers without it, and the connection is closed', async () => {
    const { url, heard, sockets } = await upstream('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n');
    expect((await ask(url, expecting())).status).toBe(417);
    await eventually('the connection to be closed', () => sockets[0]?.destroyed);
    expect(heard[0]).toEndWith('\r\n\r\n');
    expect(heard[0]).not.toContain('abc');
  });

  test('is sent after a second to an upstream that says nothing', async () => {
    const clock = virtualClock();
    const { url, heard } = await upstream((socket, said) => {
      if (said.endsWith('0\r\n\r\n')) socket.write(ok);
    });
    const asked = ask(url, { ...expecting(), clock });
    await eventually('the head', () => heard[0]?.includes('expect'));
    clock.advance(1_000);
    expect((await asked).status).toBe(200);
  });
});
