import { describe, expect, test } from 'bun:test';
import { npm } from '../define.ts';
import { formatMistake } from '../mistake.ts';
import { type Network, parseNetwork } from '../network.ts';

const tls = { cert: 'c.pem', key: 'k.pem' };
const origin = { role: 'origin', listen: [{ port: 1 }] };
const pop = { role: 'pop', listen: [{ port: 2 }], parents: ['origin'] };

function parse(nodes: object, missingFiles?: ReadonlyMap<string, string>) {
  const input = { secret: 'x'.repeat(32), nodes, routes: [npm()] };
  const more = missingFiles && { missingFiles };
  return parseNetwork(input, { configDir: '/etc/meridian', env: {}, overrides: {}, ...more });
}

function mistakes(nodes: object, missingFiles?: ReadonlyMap<string, string>): string[] {
  const result = parse(nodes, missingFiles);
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

function parsed(nodes: object): Network['nodes'] {
  const result = parse(nodes);
  if (!result.ok) throw new Error(result.mistakes.map(formatMistake).join('\n'));
  return result.network.nodes;
}

describe('certificates between nodes', () => {
  const strict = { ...origin, listen: [{ port: 1, tls: { ...tls, clientCa: 'ca.pem' } }] };

  test('are files with absolute paths', () => {
    const nodes = parsed({ origin: strict, pop: { ...pop, tls: { ...tls, ca: 'ca.pem' } } });
    expect(nodes.origin?.listen[0]?.tls?.clientCa).toBe('/etc/meridian/ca.pem');
    expect(nodes.pop?.tls).toEqual({
      cert: '/etc/meridian/c.pem',
      key: '/etc/meridian/k.pem',
      ca: '/etc/meridian/ca.pem',
    });
  });

  test('are missed where a parent asks for one', () => {
    expect(mistakes({ origin: strict, pop })).toEqual([
      'nodes.pop.tls.cert: expected a PEM file, because origin lets in only who shows a certificate, found nothing',
    ]);
    expect(mistakes({ origin: { ...strict, url: 'https://other-way' }, pop })).toEqual([]);
  });

  test('come with their keys, and can be read', () => {
    expect(mistakes({ origin, pop: { ...pop, tls: { cert: 'c.pem' } } })).toEqual([
      'nodes.pop.tls.key: expected a path, because there is a `cert`, found nothing',
    ]);
    const missing = new Map([['/etc/meridian/ca.pem', 'ENOENT']]);
    expect(mistakes({ origin, pop: { ...pop, tls: { ca: 'ca.pem' } } }, missing)).toEqual([
      'nodes.pop.tls.ca: expected a PEM file that can be read, found ENOENT at /etc/meridian/ca.pem',
    ]);
  });

  test('are files of a ring, too', () => {
    const ring = { name: 'lhr', port: 7946, tls: { ...tls, clientCa: 'ca.pem' } };
    const member = { ...pop, ring, tls: { ...tls, ca: 'ca.pem' } };
    expect(parsed({ origin, pop: member }).pop?.ring).toMatchObject({
      address: 'https://127.0.0.1:7946',
      tls: {
        cert: '/etc/meridian/c.pem',
        key: '/etc/meridian/k.pem',
        clientCa: '/etc/meridian/ca.pem',
      },
    });
    const missing = new Map([['/etc/meridian/ca.pem', 'ENOENT']]);
    expect(mistakes({ origin, pop: { ...member, tls } }, missing)).toEqual([
      'nodes.pop.ring.tls.clientCa: expected a PEM file that can be read, found ENOENT at /etc/meridian/ca.pem',
    ]);
  });

  test('are not asked for over HTTP/3', () => {
    const listen = [{ port: 2, http3: true, tls: { ...tls, clientCa: 'ca.pem' } }];
    expect(mistakes({ origin, pop: { ...pop, listen } })).toEqual([
      'nodes.pop.listen[0].http3: expected false, because clients are not asked for certificates over HTTP/3, found true with tls.clientCa',
    ]);
  });
});

test('nodes are asked over HTTP/2 where they are reached over TLS, unless said', () => {
  const secure = { ...origin, listen: [{ port: 1, tls }] };
  expect(parsed({ origin: secure }).origin?.http2).toBe(true);
  expect(parsed({ origin: { ...secure, http2: false } }).origin?.http2).toBe(false);
  expect(parsed({ origin }).origin?.http2).toBe(false);
  const plain = { ...origin, listen: [{ port: 1, http2: true }], http2: true };
  expect(parsed({ origin: plain }).origin?.http2).toBe(true);
  expect(mistakes({ origin: { ...origin, http2: true } })).toEqual([
    'nodes.origin.http2: expected false, or `http2: true` on the listener that other nodes use, which is the first, found true',
  ]);
});
