import { expect, test } from 'bun:test';
import { endToEnd } from './fields.ts';

function left(fields: [string, string][], drop?: ReadonlySet<string>): [string, string][] {
  return [...endToEnd(new Headers(fields), drop)] as [string, string][];
}

test('what belongs to the connection stays behind', () => {
  const fields: [string, string][] = [
    ['Connection', 'keep-alive'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Connection', 'keep-alive'],
    ['Proxy-Authenticate', 'Basic'],
    ['Proxy-Authorization', 'Basic Zm9vOmJhcg=='],
    ['Proxy-Authentication-Info', 'x'],
    ['TE', 'trailers'],
    ['Trailer', 'Expires'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'websocket'],
    ['Accept', '*/*'],
  ];
  expect(left(fields)).toEqual([['accept', '*/*']]);
});

test('so does what Connection names, on any line and in any case', () => {
  const fields: [string, string][] = [
    ['Connection', 'close, X-One'],
    ['connection', ',x-TWO,, not a name'],
    ['X-One', '1'],
    ['X-Two', '2'],
    ['X-Three', '3'],
  ];
  expect(left(fields)).toEqual([['x-three', '3']]);
});

test('but nobody can have the guard against loops removed', () => {
  const fields: [string, string][] = [
    ['Connection', 'CDN-Loop, X-One'],
    ['CDN-Loop', 'meridian'],
  ];
  expect(left(fields)).toEqual([['cdn-loop', 'meridian']]);
});

test('and so does what the caller wants to drop', () => {
  const fields: [string, string][] = [
    ['Host', 'a'],
    ['Accept', '*/*'],
  ];
  expect(left(fields, new Set(['host']))).toEqual([['accept', '*/*']]);
});

test('every Set-Cookie stays a line of its own', () => {
  const headers = new Headers([
    ['Set-Cookie', 'a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT'],
    ['Set-Cookie', 'b=2'],
  ]);
  const result = endToEnd(headers);
  expect(result.getSetCookie()).toEqual(['a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT', 'b=2']);
  expect(headers.getSetCookie()).toHaveLength(2);
});
