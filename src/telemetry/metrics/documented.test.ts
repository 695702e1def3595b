/** Whatever documents, alerts and dashboards call a metric is one, and every metric has its place in a document. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { Glob } from 'bun';
import { familyName } from './names.ts';
import { type MetricName, metrics, rowOf } from './table.ts';

const root = join(import.meta.dir, '../../..');
const names = Object.keys(metrics) as MetricName[];

/** As Prometheus has them, with the series of histograms. */
const series = new Set(
  names.flatMap((name) => {
    const family = familyName(name);
    const { kind } = rowOf(name);
    if (kind === 'histogram') return [family, `${family}_bucket`, `${family}_sum`, `${family}_count`];
    return [kind === 'counter' ? `${family}_total` : family];
  }),
);
/** What begins like a metric. Recording rules have a colon, and `meridian_` alone is the name of a contrib package. */
const named = /(?<![\w:/.])(?:meridian|http_server|http_client|process)_[a-z_]+(?![\w:])/g;

async function textsOf(...patterns: string[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const pattern of patterns)
    for await (const path of new Glob(pattern).scan(root))
      texts.set(path, await Bun.file(join(root, path)).text());
  return texts;
}

test('every metric that a document, an alert or a dashboard names is there', async () => {
  const texts = await textsOf(
    'docs/*.md',
    'docs/reference/metrics.md',
    'deploy/prometheus/*.yml',
    'deploy/grafana/*.json',
  );
  // Tables of a database have names like that, too.
  const unknown = [...texts].flatMap(([path, text]) =>
    [...text.replace(/meridian_(?:documents|layout)\b/g, '').matchAll(named)].flatMap(([name]) =>
      series.has(name) ? [] : `${path}: ${name}`,
    ),
  );
  expect(unknown).toEqual([]);
  expect([...texts.keys()].length).toBeGreaterThan(10);
});

test('every recording rule that a document, an alert or a dashboard names is there', async () => {
  const rule = /meridian:[a-z0-9_:]+/g;
  const rules = [...(await textsOf('deploy/prometheus/alerts.yml')).values()].join('\n');
  const recorded = new Set([...rules.matchAll(/- record: (\S+)/g)].map(([, name]) => name));
  const texts = await textsOf('docs/*.md', 'deploy/prometheus/*.yml', 'deploy/grafana/*.json');
  const unknown = [...texts].flatMap(([path, text]) =>
    [...text.matchAll(rule)].flatMap(([name]) => (recorded.has(name) ? [] : `${path}: ${name}`)),
  );
  expect(unknown).toEqual([]);
  expect(recorded.size).toBeGreaterThan(1);
});

test('every metric is on the page of them', async () => {
  const page = await Bun.file(join(root, 'docs/reference/metrics.md')).text();
  for (const name of names) {
    const { kind } = rowOf(name);
    expect(page).toContain(`| \`${familyName(name)}${kind === 'counter' ? '_total' : ''}\` | ${kind} |`);
  }
});
