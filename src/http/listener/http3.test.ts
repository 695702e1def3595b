/** HTTP/3 with real clients: Bun's own, and a browser, which believes only what it has negotiated itself. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { makeCertificate, noOpenssl, type TestCertificate } from '../../../test/support/certificate.ts';
import { available } from '../../../test/support/needs.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { within } from '../../../test/support/wait.ts';
import { systemClock } from '../../clock.ts';
import { type Listener, listen, requestFault } from '../listener.ts';

const folder = temporary('http3');
let certificate: TestCertificate;
let listener: Listener;

const canDoTls = available('openssl', noOpenssl);
const chromium = Bun.which('chromium') ?? Bun.which('chromium-browser');
const canBrowse = available('headless Chromium', chromium === null ? 'it is not installed' : null);

/** Says over which protocol it was loaded, as the browser sees it. */
const page = `<!doctype html><title>page</title><body><script>
  addEventListener('load', () => {
    document.body.textContent = 'loaded over ' + performance.getEntriesByType('navigation')[0].nextHopProtocol;
  });
</script>`;

async function serve(request: Request, door: Listener): Promise<Response> {
  const fault = requestFault(request);
  if (fault !== null) return new Response(fault, { status: 400 });
  if (request.method === 'POST') return new Response(door.body(request));
  if (request.url.endsWith('/page')) return new Response(page, { headers: { 'content-type': 'text/html' } });
  return new Response(`${door.clientAddress(request)} asked for ${request.url}`);
}

beforeAll(async () => {
  if (!canDoTls) return;
  certificate = await makeCertificate(folder.path);
  listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: certificate,
    http2: true,
    http3: true,
    proxyProtocol: false,
    trustedProxies: [],
    idleTimeoutS: 20,
    bodyBytes: 10_000_000,
    clock: systemClock,
    log: { info() {}, warn() {}, error() {} },
    handle: serve,
    failed: (error) => new Response(String(error), { status: 500 }),
  });
});
afterAll(async () => {
  await listener?.drain(0);
  folder[Symbol.dispose]();
});

const insecure = { tls: { rejectUnauthorized: false } } as const;
const overHttp3 = { ...insecure, protocol: 'http3' } as const;

describe.skipIf(!canDoTls)('HTTP/3', () => {
  test('is announced on the responses of the other versions, and only there', async () => {
    const announced = `h3=":${listener.port}"; ma=86400`;
    for (const protocol of ['http1.1', 'http2'] as const) {
      const { headers } = await fetch(listener.url, { ...insecure, protocol });
      expect(headers.get('alt-svc')).toBe(announced);
    }
    expect((await fetch(listener.url, overHttp3)).headers.has('alt-svc')).toBe(false);
  });

  test('is not announced by a listener that does not serve it', async () => {
    const other = await listen({
      host: '127.0.0.1',
      port: 0,
      tls: certificate,
      http2: true,
      http3: false,
      proxyProtocol: false,
      trustedProxies: [],
      idleTimeoutS: 20,
      bodyBytes: 1_000,
      clock: systemClock,
      log: { info() {}, warn() {}, error() {} },
      handle: () => new Response(),
      failed: () => new Response(),
    });
    const { headers } = await fetch(other.url, insecure);
    expect(headers.has('alt-svc')).toBe(false);
    await other.drain(0);
  });

  test('serves requests, and knows their clients', async () => {
    const response = await fetch(`${listener.url}/a`, overHttp3);
    expect(await response.text()).toBe(`127.0.0.1 asked for ${listener.url}/a`);
  });

  test('carries bodies in both directions', async () => {
    const body = 'x'.repeat(1_000_000);
    const response = await fetch(listener.url, { ...overHttp3, method: 'POST', body });
    expect((await response.text()).length).toBe(body.length);
  });

  test('lets odd hosts through to the check that refuses them', async () => {
    for (const host of ['me@h', 'a, b', 'h/p', 'h p']) {
      const response = await fetch(listener.url, { ...overHttp3, headers: { host } });
      expect(await response.text()).toBe('host-invalid');
    }
  });

  test('refuses fields that are too large or too many', async () => {
    const large = await fetch(listener.url, { ...overHttp3, headers: { x: 'a'.repeat(40_000) } });
    expect(large.status).toBe(431);
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`x-${index}`, 'y']));
    expect((await fetch(listener.url, { ...overHttp3, headers: many })).status).toBe(431);
  });

  test.skipIf(!canBrowse)(
    'is what a browser uses',
    async () => {
      const { publicKey } = new X509Certificate(await Bun.file(certificate.cert).text());
      const key = createHash('sha256')
        .update(publicKey.export({ type: 'spki', format: 'der' }))
        .digest('base64');
      const browser = Bun.spawn(
        [
          chromium ?? '',
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-dev-shm-usage',
          `--user-data-dir=${join(folder.path, 'browser')}`,
          `--origin-to-force-quic-on=127.0.0.1:${listener.port}`,
          `--ignore-certificate-errors-spki-list=${key}`,
          '--virtual-time-budget=5000',
          '--dump-dom',
          `${listener.url}/page`,
        ],
        { stdout: 'pipe', stderr: 'ignore' },
      );
      const dom = await within(60_000, 'the browser', browser.stdout.text()).finally(() =>
        browser.kill('SIGKILL'),
      );
      expect(dom).toContain('loaded over h3');
    },
    70_000,
  );
});
