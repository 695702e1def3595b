/**
 * The console's pages of images, with a real browser, over what skopeo has pushed through a PoP and a shield, and pulled from Debian's registry
 * at another PoP.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { z } from 'zod';
import type { Right } from '../../src/identity.ts';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { browserProblem, launchBrowser, type OwnBrowser } from '../support/browser.ts';
import { administrator, button, visit } from '../support/console.ts';
import { runTool, toolSucceeds } from '../support/container-client.ts';
import type { Daemon } from '../support/daemon.ts';
import { dockerRegistryProblem, startDockerRegistry } from '../support/docker-registry.ts';
import { type Image, random, writeImage } from '../support/image.ts';
import {
  eventually,
  freePorts,
  runMeridian,
  startNetwork,
  type TestNetwork,
  temporary,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { imageType, pushArtifact } from '../support/push.ts';

const folder = temporary('console-images');
const skopeoProblem = Bun.which('skopeo') === null ? 'skopeo is not installed' : null;
const canRun = available(
  'a browser, skopeo and docker-registry',
  browserProblem ?? skopeoProblem ?? dockerRegistryProblem,
);

let upstream: Daemon;
let network: TestNetwork;
let chromium: OwnBrowser;
let admin: string;
let token: string;
/** Who may read what everybody may, and no more. */
let eve: string;
let web: Image;

const hostile = '<img src=x onerror="globalThis.hacked = 1"><b class="notice bad">bold</b>';

const config = {
  ...{ created: '2026-05-01T12:00:00Z', author: 'ada' },
  config: {
    ...{ Entrypoint: ['/usr/bin/web'], Cmd: ['--port', '80'], User: '1000', WorkingDir: '/srv' },
    ...{ Env: ['PATH=/usr/bin', 'SECRET=hunter2'], ExposedPorts: { '80/tcp': {} } },
    Labels: { maintainer: hostile, 'org.opencontainers.image.version': '1.4.0' },
  },
  history: [
    { created_by: 'COPY base / # buildkit' },
    { created_by: 'RUN apt-get install --yes nginx # buildkit' },
    { created_by: 'ENTRYPOINT ["/usr/bin/web"]', empty_layer: true },
  ],
};
const annotations = {
  'org.opencontainers.image.description': 'Serves what people look at',
  'org.opencontainers.image.source': 'https://git.example/web',
  'org.opencontainers.image.licenses': 'MIT',
  'com.example.note': `${hostile} javascript:alert(1)`,
};

beforeAll(async () => {
  if (!canRun) return;
  upstream = await startDockerRegistry();
  const port = await freePorts(1);
  admin = `http://127.0.0.1:${port}`;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'], admin: { port } },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      oci({
        sources: [{ name: 'hub.example', url: `http://127.0.0.1:${upstream.port}` }],
        hosted: { names: ['acme/*'], public: ['acme/open/*'], immutableTags: ['stable-*'] },
        policy: { blocked: ['acme/open/base:bad-*'] },
      }),
    ],
  });
  token = await administrator(network);
  const reads: Right = { actions: ['read'], routes: ['oci'], subjects: ['nothing/*'] };
  eve = (await tokenFor(network.node('origin'), 'eve', [reads])).token;
  const base = random(400_000);
  const platforms = ['amd64', 'arm64'];
  web = writeImage(at('web'), 'v1', { layers: [base, random(900_000)], platforms, config, annotations });
  writeImage(at('base'), 'v1', { layers: [base] });
  writeImage(at('secret'), 'v1');
  for (const tag of ['v1', 'v1.4', 'latest']) await push('web', `acme/open/web:${tag}`);
  await push('base', 'acme/open/base:stable-1');
  await push('base', 'acme/open/base:bad-1');
  await push('secret', 'acme/secret:v1');
  const sbom = { artifactType: 'application/spdx+json', layers: [['application/spdx+json', '{}']] } as const;
  await pushArtifact(network.url('near'), token, 'acme/open/web', null, { ...sbom, about: 'v1' });
  writeImage(at('app'), 'v2', { layers: [random(300_000), random(20_000)], config });
  const there = `docker://127.0.0.1:${upstream.port}/team/app:v2`;
  await skopeo('copy', '--dest-tls-verify=false', `oci:${at('app')}:v2`, there);
  await skopeo(
    'copy',
    '--src-tls-verify=false',
    docker('far', 'hub.example/team/app:v2'),
    `oci:${at('pulled')}:v2`,
  );
  chromium = await launchBrowser();
}, 180_000);

afterAll(async () => {
  await chromium?.[Symbol.asyncDispose]();
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 30_000);

const at = (name: string) => join(folder.path, name);
const hostOf = (pop: string) => network.url(pop).slice('http://'.length);
const docker = (pop: string, name: string) => `docker://${hostOf(pop)}/${name}`;
const skopeo = (...words: string[]) => toolSucceeds(['skopeo', ...words], folder.path);

async function push(from: string, to: string): Promise<void> {
  const how = ['--all', '--preserve-digests', '--dest-tls-verify=false', '--dest-creds', `ada:${token}`];
  await skopeo('copy', ...how, `oci:${at(from)}:v1`, docker('near', to));
}

const visitAs = (who: string) => visit(chromium.browser, admin, who);

async function textsOf(page: Page, selector: string): Promise<readonly string[]> {
  return page.$$eval(selector, (found) => found.map((each) => (each.textContent ?? '').trim()));
}

const names = (page: Page) => textsOf(page, '.package-list .package-name');
const isThere = async (pop: string, path: string) =>
  (await fetch(`${network.url(pop)}/v2/${path}`, { method: 'HEAD', headers: bearer(token) })).status === 200;

describe.skipIf(!canRun)('images', () => {
  test('are among the packages, those that live here and those that were pulled', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    await visitor.open('packages', 'Packages');
    await visitor.sees('4 packages');
    expect((await names(page)).toSorted()).toEqual([
      ...['acme/open/base', 'acme/open/web', 'acme/secret', 'hub.example/team/app'],
    ]);
    await visitor.sees('Serves what people look at');
    await visitor.look('images');
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('have a page for each repository: tags, sizes, and commands that pull', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    await visitor.open('packages/oci/acme%2Fopen%2Fweb', 'acme/open/web');
    await visitor.sees('Shared with others');
    await visitor.sees('linux/arm64');
    const rows = await textsOf(page, '.package-main tbody tr');
    expect(rows.map((row) => /^(latest|v1\.4|v1)index/.exec(row)?.[1])).toEqual(['latest', 'v1.4', 'v1']);
    await visitor.sees('MIT');
    await visitor.press('Skopeo');
    const [command = ''] = await textsOf(page, '.package-main .code code');
    expect(command).toContain('acme/open/web:latest');
    mkdirSync(at('cwd'));
    const ran = await runTool(['sh', '-c', `cd ${at('cwd')} && ${command}`], folder.path);
    expect([ran.code, ran.output]).toEqual([0, expect.any(String)]);
    expect(existsSync(join(at('cwd'), 'image', 'manifest.json'))).toBe(true);
    await visitor.look('image-repository');
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('tell of an index its platforms, and what refers to it', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    await visitor.open('packages/oci/acme%2Fopen%2Fweb/versions/v1', 'acme/open/web:v1');
    await visitor.sees('application/spdx+json');
    expect(await textsOf(page, '[aria-label="Platforms, table"] tbody td:first-child')).toEqual([
      ...['linux/amd64', 'linux/arm64'],
    ]);
    await visitor.sees(hostile);
    await visitor.look('image-index');
    await page.locator('xpath/.//a[.="linux/arm64"]').click();
    await visitor.sees('RUN apt-get install --yes nginx');
    expect(page.url()).toContain('versions/sha256%3A');
    const layers = await textsOf(page, '[aria-label="Layers, table"] tbody tr');
    expect(layers.map((layer) => layer.includes('shared'))).toEqual([true, false]);
    await visitor.sees('/usr/bin/web');
    await visitor.sees('SECRET');
    await visitor.sees(`maintainer`);
    await visitor.sees(hostile);
    expect(await page.evaluate('document.body.innerText')).not.toContain('hunter2');
    await visitor.look('image');
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
    expect(await page.$$('#main :is(img, script, iframe), #main b')).toEqual([]);
    expect(await page.$$('a[href^="javascript:"]')).toEqual([]);
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('that were pulled are told by what the origin keeps, and nobody is asked for that', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    const asked = await network.during(async () => {
      await visitor.open('packages/oci/hub.example%2Fteam%2Fapp', 'hub.example/team/app');
      await visitor.sees('its registry may have more');
      await page.locator('.package-main td .package-name').click();
      await visitor.sees('RUN apt-get install --yes nginx');
    });
    expect(asked.asked('origin').filter(({ target }) => target.startsWith('/v2/'))).toEqual([]);
    await visitor.sees('cached');
    await visitor.look('image-cached');
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('that the policy blocks say so, in lists, on their pages, and to the command', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    const why = 'is blocked (acme/open/base:bad-*)';
    await visitor.open('packages/oci/acme%2Fopen%2Fbase', 'acme/open/base');
    await visitor.sees(why);
    const rows = await textsOf(page, '.package-main tbody tr');
    expect(rows.map((row) => row.includes(why))).toEqual([true, false]);
    await visitor.look('image-blocked-tags');
    await visitor.open('packages/oci/acme%2Fopen%2Fbase/versions/bad-1', 'acme/open/base:bad-1');
    await visitor.sees(why);
    await visitor.look('image-blocked');
    await page.locator('xpath/.//a[.="What the policy says"]').click();
    await visitor.sees('acme/open/base:bad-1');
    await visitor.sees(why);
    for (const name of ['acme/open/base', 'acme/open/base:bad-1']) {
      const ran = await runMeridian(['package', name], { cwd: network.dir });
      expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining(`BLOCKED: ${why}`)]);
    }
    expect((await fetch(`${network.url('far')}/v2/acme/open/base/manifests/bad-1`)).status).toBe(403);
    expect(visitor.complaints).toEqual([]);
  }, 60_000);

  test('that somebody may not read are not there for him, and nothing that he might delete', async () => {
    await using visitor = await visitAs(eve);
    const { page } = visitor;
    await visitor.open('packages', 'Packages');
    await visitor.sees('3 packages');
    expect(await names(page)).not.toContain('acme/secret');
    await visitor.open('packages/oci/acme%2Fsecret', 'acme/secret');
    await visitor.sees('oci has no package acme/secret');
    await visitor.open('packages/oci/acme%2Fsecret/versions/v1', 'acme/secret:v1');
    await visitor.sees('oci has no package acme/secret');
    await visitor.open('packages/oci/acme%2Fopen%2Fbase/versions/stable-1', 'acme/open/base:stable-1');
    await visitor.sees('Layers');
    expect(await page.$$(button('Delete the tag stable-1'))).toEqual([]);
    expect(visitor.complaints.filter((text) => !text.includes('status of 40'))).toEqual([]);
  }, 60_000);

  test('are deleted after a question, or by the command that it names; what has to stay stays', async () => {
    await using visitor = await visitAs(token);
    const { page } = visitor;
    expect(await isThere('far', 'acme/open/web/manifests/v1.4')).toBe(true);
    await visitor.open('packages/oci/acme%2Fopen%2Fweb/versions/v1.4', 'acme/open/web:v1.4');
    await visitor.press('Delete the tag v1.4');
    await visitor.sees('Nobody can pull acme/open/web:v1.4 any more');
    await visitor.look('image-delete');
    await page.locator('dialog button[type=submit]').click();
    await page.locator('xpath/.//h1[.="acme/open/web"]').wait();
    await eventually('the tag to go', async () => !(await isThere('far', 'acme/open/web/manifests/v1.4')));
    expect(await isThere('far', `acme/open/web/manifests/${web.digest}`)).toBe(true);

    await visitor.open('packages/oci/acme%2Fsecret', 'acme/secret');
    await visitor.press('Delete acme/secret');
    const [words = []] = (await visitor.commands()).filter((each) => each.includes('--delete'));
    const ran = await runMeridian(words, { cwd: network.dir });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(await isThere('far', 'acme/secret/manifests/v1')).toBe(false);

    await visitor.open('packages/oci/acme%2Fopen%2Fbase/versions/stable-1', 'acme/open/base:stable-1');
    await visitor.press('Delete the tag stable-1');
    await page.locator('dialog button[type=submit]').click();
    await visitor.sees('The tag stable-1 stays what it is here');
    const audit = await fetch(`${network.url('near')}/.meridian/v1/audit?what=oci.`, {
      headers: bearer(token),
    });
    const told = await audit.text();
    expect(told).toContain('oci acme/open/web:v1.4');
    expect(told).toContain('oci.delete-repository');
    expect(visitor.complaints.filter((text) => !text.includes('status of 40'))).toEqual([]);
  }, 90_000);

  test('with more than a thousand tags are leafed through, and found', async () => {
    const base = `${network.url('near')}/v2/acme/many/manifests`;
    const layers = [['application/vnd.oci.image.layer.v1.tar', 'a layer']] as const;
    const digest = await pushArtifact(network.url('near'), token, 'acme/many', 'first', { layers });
    const body = await (await fetch(`${base}/first`, { headers: bearer(token) })).arrayBuffer();
    const headers = { ...bearer(token), 'content-type': imageType };
    for (let hundred = 0; hundred < 11; hundred++) {
      const tags = Array.from({ length: 100 }, (_, at) => `tag=t${hundred * 100 + at}`).join('&');
      expect((await fetch(`${base}/${digest}?${tags}`, { method: 'PUT', headers, body })).status).toBe(201);
    }
    await using visitor = await visitAs(token);
    const { page } = visitor;
    await visitor.open('packages/oci/acme%2Fmany', 'acme/many');
    await visitor.sees('Tags (1,101)');
    await visitor.press('Show all 1,000');
    await visitor.press('Fetch more');
    const rows = () => page.$$eval('.package-main tbody tr', (all) => all.length);
    await eventually('all tags', async () => (await rows()) === 1101, { withinMs: 10_000 });
    await visitor.fill('Find a tag', 't1099');
    await eventually('one tag', async () => (await rows()) === 1);
    const ran = await runMeridian(['package', 'acme/many', '--all', '--json'], { cwd: network.dir });
    const told = z
      .object({ versions: z.array(z.object({ version: z.string() })) })
      .parse(JSON.parse(ran.stdout));
    expect(new Set(told.versions.map(({ version }) => version)).size).toBe(1101);
    expect(visitor.complaints).toEqual([]);
  }, 90_000);

  test('have clients, each of which is pointed here', async () => {
    await using visitor = await visitAs(token);
    await visitor.open('clients', 'Point a client here');
    await visitor.sees('containerd');
    for (const title of ['Docker', 'Podman, Buildah', 'Skopeo', 'Helm']) await visitor.sees(title);
    await visitor.look('clients-images');
    expect(visitor.complaints).toEqual([]);
  }, 60_000);
});
