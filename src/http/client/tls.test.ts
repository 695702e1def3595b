import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import {
  makeAuthority,
  noOpenssl,
  type TestAuthority,
  type TestCertificate,
} from '../../../test/support/certificate.ts';
import { virtualClock } from '../../../test/support/clock.ts';
import { available } from '../../../test/support/needs.ts';
import { ask, codeOf, textOf } from '../../../test/support/raw-server.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { eventually } from '../../../test/support/wait.ts';
import { type Listener, listen } from '../listener.ts';
import { readClientTls } from './tls.ts';

const folder = temporary('client-tls');
const usable = available('openssl', noOpenssl);
let ours: TestAuthority;
let others: TestAuthority;
let server: TestCertificate;
let node: TestCertificate;
let stranger: TestCertificate;
const open: Listener[] = [];

beforeAll(async () => {
  if (!usable) return;
  ours = await makeAuthority(folder.path, 'ours');
  others = await makeAuthority(folder.path, 'others');
  server = await ours.issue('server');
  node = await ours.issue('node');
  stranger = await others.issue('stranger');
});
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.drain(0);
});
afterAll(() => folder[Symbol.dispose]());

/** A listener that lets in only who is known to `ours`. */
async function strict(more: { informational?: boolean } = {}) {
  const warned: string[] = [];
  const listener = await listen({
    ...{ host: '127.0.0.1', port: 0, http2: true, http3: false, proxyProtocol: false, trustedProxies: [] },
    ...{ idleTimeoutS: 10, bodyBytes: 1024, clock: virtualClock(), failed: () => new Response() },
    tls: { ...server, clientCa: ours.ca },
    log: { info() {}, error() {}, warn: (_, fields) => warned.push(String(fields?.why)) },
    handle: () => new Response('ok'),
    ...more,
  });
  open.push(listener);
  return { url: listener.url, warned };
}

describe.skipIf(!usable)('a listener that asks for certificates', () => {
  for (const [kind, more, http2] of [
    ['the fast server', {}, false],
    ['the fast server, over HTTP/2', {}, true],
    ['the one with interim responses', { informational: true }, false],
    ['the one with interim responses, over HTTP/2', { informational: true }, true],
  ] as const) {
    test(`lets in who shows the right one (${kind})`, async () => {
      const { url } = await strict(more);
      const tls = await readClientTls({ ...node, ca: ours.ca });
      expect(await textOf(await ask(url, { tls, http2 }))).toBe('ok');
    });

    test(`refuses who shows none, or that of another authority, within TLS (${kind})`, async () => {
      const { url } = await strict(more);
      const none = ask(url, { http2, tls: await readClientTls({ ca: ours.ca }) });
      expect(await codeOf(none)).toBe('upstream-unreachable');
      await expect(none).rejects.toThrow('wants a certificate');
      const wrong = ask(url, { http2, tls: await readClientTls({ ...stranger, ca: ours.ca }) });
      expect(await codeOf(wrong)).toBe('upstream-unreachable');
      await expect(wrong).rejects.toThrow('may not accept the certificate of this node');
    });
  }

  test('says whom it refused and why, where the server tells', async () => {
    const { url, warned } = await strict({ informational: true });
    await codeOf(ask(url, { tls: await readClientTls({ ca: ours.ca }) }));
    await codeOf(ask(url, { tls: await readClientTls({ ...stranger, ca: ours.ca }) }));
    await eventually('both lines', () => warned.length === 2);
    expect(warned[0]).toContain('DID_NOT_RETURN_A_CERTIFICATE');
    expect(warned[1]).toContain('unable to verify');
  });
});

describe.skipIf(!usable)('a client', () => {
  test('believes the authorities that it is given, and nobody else', async () => {
    const { url } = await strict();
    const unknown = ask(url, { tls: await readClientTls({ ...node, ca: others.ca }) });
    await expect(unknown).rejects.toThrow('not signed by a known authority');
    await expect(ask(url)).rejects.toThrow('not signed by a known authority');
  });

  test('does not use a connection that was made with another certificate', async () => {
    const { url } = await strict();
    expect(await textOf(await ask(url, { tls: await readClientTls({ ...node, ca: ours.ca }) }))).toBe('ok');
    expect(await codeOf(ask(url, { tls: await readClientTls({ ca: ours.ca }) }))).toBe(
      'upstream-unreachable',
    );
  });

  test('is told which file cannot be used', async () => {
    await expect(readClientTls({ ca: join(folder.path, 'none') })).rejects.toThrow('cannot read');
    await expect(readClientTls({ cert: node.cert, key: stranger.key })).rejects.toThrow('does not belong');
    await expect(readClientTls({ ca: node.key })).rejects.toThrow('holds no certificate');
  });
});
