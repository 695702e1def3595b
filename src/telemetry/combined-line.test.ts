import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { AccessRecord } from './access-line.ts';
import { jsonLine, textLine } from './access-line.ts';
import { combinedLine } from './combined-line.ts';
import { onlyCredentials, type RedactionSettings, redaction } from './redaction.ts';

const request: AccessRecord = {
  timeMs: Date.UTC(2026, 10, 21, 12, 4, 31, 7),
  id: '5f3a',
  node: 'pop-a',
  client: '192.0.2.7',
  method: 'GET',
  target: '/npm/react',
  status: 200,
  bytes: 12_595,
  durationMs: 1.2044,
  outcome: 'hit',
  kind: 'packument',
  route: 'npm',
};

const hiding = (settings: Partial<RedactionSettings> = {}) => redaction({ ...onlyCredentials, ...settings });
const plain = hiding();

describe('a line of the combined format', () => {
  test('is what Apache and NGINX write', () => {
    expect(
      combinedLine({ ...request, userAgent: 'npm/11 node/24', referer: 'https://a.example/b' }, plain),
    ).toBe(
      '192.0.2.7 - - [21/Nov/2026:12:04:31 +0000] "GET /npm/react HTTP/1.1" 200 12595 "https://a.example/b" "npm/11 node/24"\n',
    );
    expect(combinedLine({ ...request, bytes: null }, plain)).toEndWith(' 200 - "-" "-"\n');
  });

  test('escapes as NGINX does', () => {
    const line = combinedLine({ ...request, target: '/a"b c', userAgent: 'x\\y"\nü' }, plain);
    expect(line).toContain('"GET /a\\x22b\\x20c HTTP/1.1"');
    expect(line).toEndWith('"-" "x\\x5Cy\\x22\\x0A\\xC3\\xBC"\n');
  });

  test('has the right time, also when requests end out of order', () => {
    const times = [0, 999, 1000, 999, 61_005, -1, 86_400_000].map((offset) => request.timeMs + offset);
    for (const timeMs of times) {
      const read = readBack(combinedLine({ ...request, timeMs }, plain));
      expect(read.timeMs).toBe(Math.floor(timeMs / 1000) * 1000);
    }
  });

  test('is one line that reads back as what it was made of, whatever a client sends', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          '"',
          '\\',
          '\n',
          '\r',
          ' ',
          '[',
          ']',
          '\x1b',
          '\x7f',
          '\u2028',
          '\ud800',
          'x',
          '-',
        ),
      }),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (path, agent, client, method) => {
        const target = `/${path.replaceAll(/[?@]/g, '')}`;
        const record = {
          ...request,
          target,
          client,
          method,
          userAgent: agent,
          referer: agent.replaceAll(/[?@]/g, ''),
        };
        const line = combinedLine(record, plain);
        expect(line).toMatch(/^[\x20-\x7e]+\n$/);
        const read = readBack(line);
        expect(read).toMatchObject({
          ...{ client: asRead(client), method: asRead(method), target: asRead(target) },
          ...{
            status: 200,
            bytes: 12_595,
            userAgent: asRead(agent.slice(0, 512)),
            referer: asRead(record.referer),
          },
        });
      }),
      { numRuns: 3000 },
    );
  });
});

/** Nothing is written as `-`; what is no text (half of a surrogate pair) has no bytes of its own. */
const asRead = (text: string) => (text === '' ? '-' : text.toWellFormed());

function readBack(line: string) {
  const form = /^(\S+) - - \[(\S+) \+0000\] "(\S+) (\S+) HTTP\/1\.1" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"\n$/;
  const [, client = '', time = '', method = '', target = '', status, bytes, referer = '', agent = ''] =
    form.exec(line) ?? expect.unreachable(line);
  const [, day, month, rest, clock] = /^(\d+)\/(\w+)\/(\d+):(.*)$/.exec(time) ?? [];
  return {
    ...{ client: bytesOf(client), method: bytesOf(method), target: bytesOf(target) },
    ...{ status: Number(status), bytes: Number(bytes), referer: bytesOf(referer), userAgent: bytesOf(agent) },
    timeMs: Date.parse(`${day} ${month} ${rest} ${clock} GMT`),
  };
}

/** Undoes the escaping. */
function bytesOf(text: string): string {
  const bytes: number[] = [];
  for (const [, hex, character = ''] of text.matchAll(/\\x([0-9A-F]{2})|([^\\])/g))
    bytes.push(hex === undefined ? character.charCodeAt(0) : Number.parseInt(hex, 16));
  return Buffer.from(bytes).toString('utf8');
}

describe('what a line does not say', () => {
  const lines = (record: Partial<AccessRecord>, settings: Partial<RedactionSettings> = {}) => {
    const one = { ...request, ...record };
    return [jsonLine, textLine, combinedLine].map((line) => line(one, hiding(settings)));
  };

  test('are credentials, wherever a client puts them, in any format', () => {
    const secret = fc.string({
      unit: fc.constantFrom(...'abcdefghijkmnpqrstuvwxyz23456789'),
      minLength: 20,
      maxLength: 40,
    });
    const place = fc.constantFrom(
      (token: string) => ({ target: `/npm/left?token=${token}` }),
      (token: string) => ({ target: `/npm/left?a=1;api_key=${token}&b=2` }),
      (token: string) => ({ target: `/npm/left?%74oken=${token}` }),
      (token: string) => ({ target: `/-/user/token/${token}`, method: 'DELETE' }),
      (token: string) => ({ target: `/npm/-/npm/v1/tokens/token/${token}?a=1`, method: 'DELETE' }),
      (token: string) => ({ target: `/npm/-/user/token/mrd_${token}` }),
      (token: string) => ({ target: `/npm/left/mrd_${token}` }),
      (token: string) => ({ target: `/npm/left?q=npm_${token}` }),
      (token: string) => ({ target: `/https://me:${token}@registry.example/left` }),
      (token: string) => ({ target: `/x?next=https%3a%2f%2fme%3a${token}%40registry.example` }),
      (token: string) => ({ userAgent: `npm/11 mrd_${token}`, target: '/x' }),
      (token: string) => ({
        referer: `https://me:${token}@registry.example/?session=${token}`,
        target: '/x',
      }),
    );
    fc.assert(
      fc.property(secret, place, (token, put) => {
        for (const line of lines(put(token))) expect(line).not.toContain(token);
      }),
      { numRuns: 500 },
    );
  });

  test('is what the config hides: addresses, values or all of a query, parameters by name, paths that are not for everybody', () => {
    const record = { target: '/a?email=me&b=2&lonely', client: '192.0.2.77' };
    const [json = ''] = lines(record, { addresses: 'network', hide: ['email'] });
    expect(JSON.parse(json)).toMatchObject({ client: '192.0.2.0', target: '/a?email=…&b=2&lonely' });
    const target = (settings: Partial<RedactionSettings>, more = {}) =>
      JSON.parse(lines({ ...record, ...more }, settings)[0] ?? '').target;
    expect(target({ hide: ['email'] }, { target: '/a?EM%41IL=me&b=2' })).toBe('/a?EM%41IL=…&b=2');
    expect(target({ query: 'names' })).toBe('/a?email=…&b=…&…');
    expect(target({ query: 'none' })).toBe('/a?…');
    expect(target({ hideRestricted: true })).toBe('/a?email=me&b=2&lonely');
    expect(target({ hideRestricted: true }, { isRestricted: true })).toBe('/…');
    expect(target({}, { isRestricted: true })).toBe('/a?email=me&b=2&lonely');
    expect(JSON.parse(lines(record, { addresses: 'none' })[0] ?? '').client).toBe('-');
  });

  test('are values, however a query is put together, when all of them are to be hidden', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'Q', '%', '?', '@', '/') });
    const value = fc.constantFrom('secret', '=secret', 'x=secret', '?secret', '%73secret', 'a@secret');
    const pair = fc.tuple(name, fc.constantFrom('=', ''), value, fc.constantFrom('&', ';', '&&', ';&'));
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        const query = pairs.map((parts) => parts.join('')).join('');
        for (const line of lines({ target: `/x?${query}` }, { query: 'names' }))
          expect(line).not.toMatch(/secret/);
      }),
    );
  });
});
