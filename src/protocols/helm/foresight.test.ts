import { expect, test } from 'bun:test';
import { grow } from '../../../test/support/tree.ts';
import type { Doing } from '../../foresight.ts';
import { helmForesight } from './foresight.ts';
import { indexWriter } from './index-yaml.ts';
import { itemAt } from './path.ts';

const fresh: Doing = { asked: () => 0 };
const headers = new Headers({ 'user-agent': 'Helm/3.15.2' });
const index = itemAt({ repository: 'stable', what: { as: 'index' } });

/** @param charts versions of each. */
async function foreseen(charts: Readonly<Record<string, readonly string[]>>) {
  const foresight = helmForesight();
  const beginning = foresight.begins(index, headers, fresh);
  if (beginning === null) throw new Error('nothing begins');
  const writer = indexWriter();
  for (const [name, versions] of Object.entries(charts))
    writer.chart(
      name,
      versions.map((version) => ({ name, version, urls: [`${name}-${version}.tgz`] })),
    );
  const written = writer.end();
  return (await grow(foresight, beginning, (path) => (path === index.path ? written : null))).paths;
}

test('the newest release of the only chart is foreseen', async () => {
  expect(await foreseen({ nginx: ['1.9.0', '1.10.0', '2.0.0-rc.1'] })).toEqual([
    'stable/charts/nginx/1.10.0/nginx-1.10.0.tgz',
  ]);
});

test('of several charts, none is, nor of one without a release', async () => {
  expect(await foreseen({ nginx: ['1.9.0'], redis: ['1.0.0'] })).toEqual([]);
  expect(await foreseen({ nginx: ['2.0.0-rc.1'] })).toEqual([]);
  expect(await foreseen({})).toEqual([]);
});

test('nothing begins with a chart, an index that is confirmed, or another client', () => {
  const { begins } = helmForesight();
  const chart = itemAt({ repository: '', what: { as: 'file', chart: { name: 'nginx', version: '1.0.0' } } });
  expect(begins(chart, headers, fresh)).toBeNull();
  expect(begins(index, new Headers({ 'user-agent': 'curl/8' }), fresh)).toBeNull();
  expect(
    begins(index, new Headers({ 'user-agent': 'Helm/3.15.2', 'if-none-match': '"a"' }), fresh),
  ).toBeNull();
});
