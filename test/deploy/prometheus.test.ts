/**
 * What `deploy/prometheus` and `deploy/grafana` say, held against Prometheus itself: the rules by promtool with their own
 * tests, and each panel's query by a server that scrapes a network with traffic.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { web } from '../../src/index.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import {
  eventually,
  freePort,
  startNetwork,
  startUpstream,
  type TestNetwork,
  temporary,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';
import { ran } from './ran.ts';

const deploy = join(import.meta.dir, '../../deploy');
const missing = ['prometheus', 'promtool'].filter((program) => Bun.which(program) === null);
const problem = missing.length === 0 ? null : `${missing.join(' and ')} not installed (Debian: prometheus)`;

const dashboard = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
});
const reply = z.object({ status: z.literal('success'), data: z.object({ result: z.array(z.unknown()) }) });

describe.skipIf(!available('Prometheus', problem))('Prometheus', () => {
  const folder = temporary('prometheus');
  let upstream: Upstream;
  let network: TestNetwork;
  let prometheus: Daemon;

  beforeAll(async () => {
    upstream = await startUpstream(({ path }) => ({
      headers: { 'cache-control': 'max-age=600', link: `<${path}.css>; rel=preload; as=style` },
      body: 'text',
    }));
    const [origin, pop] = [await freePort(), await freePort()];
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin', admin: { port: origin } },
        pop: { role: 'pop', parents: ['origin'], workers: 2, admin: { port: pop } },
      },
      routes: [web({ name: 'docs', upstream: upstream.url })],
    });
    const targets = [origin, pop].map((port) => `127.0.0.1:${port}`);
    const config = {
      global: { scrape_interval: '200ms' },
      scrape_configs: [{ job_name: 'meridian', static_configs: [{ targets }] }],
    };
    const file = join(folder.path, 'prometheus.yml');
    await writeFile(file, JSON.stringify(config));
    prometheus = await startDaemon('prometheus', (port, at) => [
      'prometheus',
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(at, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
  }, 60_000);

  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await network?.stop();
    await upstream?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, 30_000);

  async function query(expression: string): Promise<readonly unknown[]> {
    const url = `http://127.0.0.1:${prometheus.port}/api/v1/query?${new URLSearchParams({ query: expression })}`;
    const text = await (await fetch(url)).text();
    const { success, data } = reply.safeParse(JSON.parse(text));
    if (!success) throw new Error(`${expression}: ${text}`);
    return data.data.result;
  }

  test('accepts the rules and the config, and the alerts come when they should', async () => {
    const cwd = join(deploy, 'prometheus');
    await ran(['promtool', 'check', 'config', 'prometheus.yml'], { cwd });
    await ran(['promtool', 'test', 'rules', 'alerts.test.yml'], { cwd });
  });

  test('has an answer to the query of each panel', async () => {
    const { panels } = dashboard.parse(await Bun.file(join(deploy, 'grafana/meridian.json')).json());
    const queries = panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({
        title,
        expr: expr.replaceAll('$__rate_interval', '10s').replaceAll('$node', '.*'),
      })),
    );
    expect(queries.length).toBeGreaterThan(20);
    // Two scrapes with a request between them make a rate.
    const seen = new Set<string>();
    // A browser that opens a page: what that links to is foreseen.
    const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    let visits = 10;
    await eventually(
      'data for every panel',
      async () => {
        await fetch(`${network.url('pop')}/page/${seen.size % 3}`, { keepalive: false });
        await fetch(`${network.url('pop')}/page/0`, { keepalive: false });
        await fetch(`${network.url('pop')}/page/${++visits}`, { keepalive: false, headers: navigation });
        await fetch(`${network.url('pop')}/page/${visits - 1}.css`, { keepalive: false });
        for (const { title, expr } of queries) if ((await query(expr)).length > 0) seen.add(title + expr);
        return seen.size === queries.length;
      },
      { withinMs: 20_000 },
    ).catch((error) => {
      const without = queries.filter(({ title, expr }) => !seen.has(title + expr));
      throw new Error(`no data for ${without.map(({ title, expr }) => `${title}: ${expr}`).join(', ')}`, {
        cause: error,
      });
    });
  }, 30_000);

  test('knows every metric that an alert names', async () => {
    const { stdout } = await ran(
      ['grep', '-oE', 'meridian_[a-z_]+|http_(server|client)_[a-z_]+', 'alerts.yml'],
      {
        cwd: join(deploy, 'prometheus'),
      },
    );
    for (const name of new Set(stdout.trim().split('\n'))) expect(await query(name)).not.toBeEmpty();
  });
});
