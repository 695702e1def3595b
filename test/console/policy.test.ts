/** The console's Policy page: npm is refused something, and the page says what and why. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, oci, web } from '../../src/index.ts';
import { project } from '../clients/project.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, visit } from '../support/console.ts';
import {
  freePorts,
  type Registry,
  runClient,
  startNetwork,
  startRegistry,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { type OciRegistry, startOciRegistry } from '../support/oci-registry.ts';

const folder = temporary('console-policy');
let registry: Registry;
let images: OciRegistry;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;

const canRun = available('a browser', browserProblem);
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

const advisory = {
  id: 'GHSA-test-0001',
  summary: 'Runs whatever it is given',
  published: '2026-01-02T00:00:00Z',
  database_specific: { severity: 'HIGH' },
  affected: [
    {
      package: { ecosystem: 'npm', name: 'holey' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.1' }] }],
    },
  ],
};

beforeAll(async () => {
  if (!canRun) return;
  registry = await startRegistry();
  images = await startOciRegistry();
  images.image('good/app', 'v1', [new Uint8Array(10)]);
  registry.publish('young', '1.0.0', { at: daysAgo(30) });
  registry.publish('young', '1.1.0', { at: daysAgo(2) });
  registry.publish('young', '1.2.0', { at: daysAgo(1) });
  registry.publish('holey', '1.0.0');
  registry.publish('holey', '1.0.1');
  registry.publish('bad-news', '1.0.0');
  const feed = join(folder.path, 'osv.json');
  writeFileSync(feed, JSON.stringify([advisory]));
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'], admin: { port } },
    },
    routes: [
      npm({
        match: { path: '/npm' },
        upstreams: [{ url: registry.url }],
        policy: {
          releaseAge: { minimumS: '7d', exempt: ['@acme/*'] },
          blocked: ['bad-news'],
          advisories: { path: feed, severity: 'moderate' },
        },
      }),
      oci({
        sources: [{ name: 'hub.example', url: images.url }],
        policy: { blocked: ['hub.example/evil/*'] },
      }),
      web({ name: 'docs', upstream: registry.url, access: 'closed' }),
    ],
  });
  chromium = await launchBrowser();
}, 30_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await network?.stop();
  await registry?.off();
  await images?.off();
  folder[Symbol.dispose]();
}, 30_000);

const base = () => `${network.url('pop')}/npm`;

/** Installs with npm itself. @returns its exit code. */
async function install(name: string, range: string): Promise<number> {
  const where = project(join(folder.path, `project-${name}`), { [name]: range });
  const options = { registry: base(), project: where, home: join(folder.path, `home-${name}`) };
  return (await runClient('npm', ['install'], options)).code;
}

test.skipIf(!canRun)(
  'says what is asked for, what was blocked and why, and who was denied what',
  async () => {
    expect(await install('young', '*')).toBe(0);
    expect(await install('bad-news', '*')).not.toBe(0);
    expect((await fetch(`${base()}/holey/-/holey-1.0.0.tgz`)).status).toBe(403);
    const { token } = await tokenFor(network.node('origin'), 'carol', []);
    const handbook = await fetch(`${network.url('pop')}/handbook`, { headers: bearer(token) });
    expect(handbook.status).toBe(403);

    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    await visitor.open('policy', 'Policy');
    await visitor.sees('… was published 7 days ago or earlier');
    await visitor.sees('… has no known advisory of severity moderate or worse');
    await visitor.sees('1 advisory, read');
    await visitor.sees('It is blocked (all versions).');
    await visitor.sees('It has a known advisory: GHSA-test-0001 (high, since 2026-01-02');
    await visitor.sees(/user:carol from 127\.0\.0\.1\s+read\s+docs/);

    await visitor.fill('Find in what was blocked', 'holey');
    await visitor.gone('xpath/.//td//a[.="bad-news"]');
    expect(visitor.page.url()).toContain('find=holey');
    await visitor.page.locator('xpath/.//td//a[.="holey@1.0.0"]').click();
    await visitor.sees('refused holey@1.0.0 has a known advisory');
    await visitor.look('policy');
    expect(visitor.complaints).toEqual([]);
  },
  60_000,
);

test.skipIf(!canRun)(
  'explains a package: which versions are withheld, until when, and each rule of one',
  async () => {
    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    await visitor.open('policy', 'Policy');
    await visitor.fill('Package or version', 'young');
    await visitor.press('Explain');
    await visitor.sees('2 of 3 withheld');
    await visitor.look('policy-package');
    await visitor.fill('Package or version', 'young@1.0.0');
    await visitor.press('Explain');
    await visitor.sees('may be used young@1.0.0');
    await visitor.sees('releaseAge');
    expect(visitor.page.url()).toContain(encodeURIComponent('young@1.0.0'));
    expect(visitor.complaints).toEqual([]);
  },
  60_000,
);

test.skipIf(!canRun)(
  'has the same for a route of images',
  async () => {
    const refused = await fetch(`${network.url('pop')}/v2/hub.example/evil/app/manifests/v1`);
    expect(refused.status).toBe(403);
    await using visitor = await visit(chromium.browser, admin, await administrator(network));
    await visitor.open('policy?route=oci', 'Policy');
    await visitor.sees('It is blocked (hub.example/evil/*).');
    await visitor.fill('Image', 'hub.example/good/app:v1');
    await visitor.press('Explain');
    await visitor.sees('may be used hub.example/good/app:v1');
    await visitor.sees('is not blocked');
    await visitor.page.locator('xpath/.//td//a[.="hub.example/evil/app:v1"]').click();
    await visitor.sees('refused hub.example/evil/app:v1 is blocked (hub.example/evil/*)');
    expect(visitor.complaints).toEqual([]);
  },
  60_000,
);
