/**
 * Nodes that show each other certificates, over HTTP/2: a shield with a listener for nodes alone, PoPs with the right
 * certificate, with that of a stranger, and certificates that are renewed while requests are under way.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { copyFile } from 'node:fs/promises';
import { web } from '../../src/index.ts';
import {
  makeAuthority,
  noOpenssl,
  type TestAuthority,
  type TestCertificate,
} from '../support/certificate.ts';
import {
  eventually,
  runMeridian,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { temporary } from '../support/temporary.ts';

describe.skipIf(!available('openssl', noOpenssl))('tiers that show each other certificates', () => {
  const folder = temporary('tier-tls');
  let ours: TestAuthority;
  let pop: TestCertificate;
  let upstream: Upstream;
  let network: TestNetwork;

  beforeAll(async () => {
    ours = await makeAuthority(folder.path, 'ours');
    const others = await makeAuthority(folder.path, 'others');
    const shield = await ours.issue('shield');
    pop = await ours.issue('pop');
    const stranger = await others.issue('stranger');
    upstream = await startUpstream(({ path }) => ({
      headers: { 'cache-control': 'max-age=600' },
      body: `body of ${path}`,
    }));
    const fast = { checkDownMs: 100 };
    network = await startNetwork({
      nodes: {
        // Without TLS, other nodes ask it over HTTP/2 all the same.
        origin: { role: 'origin', tierDoor: { http2: true }, http2: true },
        shield: {
          role: 'shield',
          parents: ['origin'],
          tierDoor: { tls: { ...shield, clientCa: ours.ca } },
        },
        pop: { role: 'pop', parents: ['shield'], tls: { ...pop, ca: ours.ca }, failover: fast },
        stranger: { role: 'pop', parents: ['shield'], tls: { ...stranger, ca: ours.ca }, failover: fast },
      },
      routes: [web({ upstream: upstream.url })],
    });
  }, 30_000);

  afterAll(async () => {
    await network?.stop();
    await upstream?.off();
    folder[Symbol.dispose]();
  }, 30_000);

  async function get(node: string, path: string): Promise<string> {
    const response = await fetch(network.url(node) + path);
    return `${response.status} ${await response.text()}`;
  }

  test('the right one is let in, over HTTP/2', async () => {
    const paths = Array.from({ length: 200 }, (_, nth) => `/many/${nth}`);
    expect(await Promise.all(paths.map((path) => get('pop', path)))).toEqual(
      paths.map((path) => `200 body of ${path}`),
    );
    const [parent] = (await network.node('pop').status()).parents;
    expect(parent).toMatchObject({ name: 'shield', healthy: true });
  });

  test('a stranger is refused within TLS, and told why in its log and status', async () => {
    expect(await get('stranger', '/secret')).toStartWith('502');
    await eventually('the status', async () => {
      const [parent] = (await network.node('stranger').status()).parents;
      return parent?.trouble?.includes('may not accept the certificate of this node');
    });
    const output = network.node('stranger').process.output();
    expect(output).toContain('a parent is passed over');
    expect(output).toContain('may not accept the certificate of this node');
    const status = await runMeridian(['status', '--config', network.configFile], { cwd: network.dir });
    expect(status.stdout).toContain('may not accept the certificate of this node');
  });

  test('ordinary clients reach the listener that does not ask for one', async () => {
    expect(await get('pop', '/plain')).toBe('200 body of /plain');
  });

  test('a certificate that is renewed counts from the next reload on, and no request fails', async () => {
    const renewed = await ours.issue('renewed');
    let stop = false;
    let asked = 0;
    const load = (async () => {
      for (; !stop; asked++) expect(await get('pop', `/renewal/${asked}`)).toStartWith('200');
    })();
    await copyFile(renewed.cert, pop.cert);
    await copyFile(renewed.key, pop.key);
    const reload = await runMeridian(['reload', '--config', network.configFile], { cwd: network.dir });
    expect(reload.code).toBe(0);
    const seen = asked;
    await eventually('more requests', () => asked > seen + 20);
    stop = true;
    await load;
  });
});
