import { describe, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { makeCertificate, noOpenssl } from '../../../test/support/certificate.ts';
import { available } from '../../../test/support/needs.ts';
import { freePort } from '../../../test/support/ports.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { systemClock } from '../../clock.ts';
import { measure } from './measure.ts';

const soon = () => AbortSignal.timeout(10_000);

const answered = (slowMs = 0) => ({
  hostname: '127.0.0.1',
  port: 0,
  fetch: async () => {
    await Bun.sleep(slowMs);
    return new Response('x'.repeat(100_000), { headers: { 'server-timing': 'origin;dur=3, lhr;dur=4' } });
  },
});

describe('a measurement', () => {
  test('has who answered, how much, and how long each step took', async () => {
    using server = Bun.serve(answered(50));
    const seen = await measure(new URL('/probe?a=1', server.url), systemClock, soon());
    expect(seen).toMatchObject({ status: 200, pop: 'lhr', bytes: 100_000, dnsMs: null, tlsMs: null });
    expect(seen.ttfbMs).toBeGreaterThan(45);
    expect(seen.connectMs).toBeWithin(0, 5000);
    expect(seen.downloadMs).toBeWithin(0, 5000);
  });

  test('by a name has the time to look that up', async () => {
    using server = Bun.serve(answered());
    const seen = await measure(new URL(`http://localhost:${server.port}/`), systemClock, soon());
    expect(seen.dnsMs).toBeGreaterThanOrEqual(0);
  });

  test.skipIf(!available('openssl', noOpenssl))('over TLS has the time of the handshake', async () => {
    using folder = temporary('ping');
    const { cert, key } = await makeCertificate(folder.path);
    using server = Bun.serve({ ...answered(), tls: { cert: Bun.file(cert), key: Bun.file(key) } });
    const url = new URL(`https://localhost:${server.port}/`);
    const seen = await measure(url, systemClock, soon(), await Bun.file(cert).text());
    expect(seen).toMatchObject({ status: 200, bytes: 100_000 });
    expect(seen.tlsMs).toBeGreaterThan(0);
    await expect(measure(url, systemClock, soon())).rejects.toThrow(/self.signed|certificate/i);
  });

  test('fails where nobody listens, where somebody says nothing, and where that is no HTTP', async () => {
    const nobody = new URL(`http://127.0.0.1:${await freePort()}/`);
    await expect(measure(nobody, systemClock, soon())).rejects.toThrow(/refused/i);
    const silent = createServer(() => undefined);
    const other = createServer((socket) => void socket.end('220 mail.example ESMTP\r\n\r\n'));
    for (const [server, why] of [
      [silent, /abort|timed? ?out/i],
      [other, /does not speak HTTP/],
    ] as const) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const url = new URL(`http://127.0.0.1:${port}/`);
      await expect(measure(url, systemClock, AbortSignal.timeout(300))).rejects.toThrow(why);
      server.close();
    }
  });
});
