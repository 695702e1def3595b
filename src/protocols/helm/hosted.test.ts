/** Repositories that live here, beside each other. */
import { afterEach, expect, test } from 'bun:test';
import {
  alice,
  closeHomes,
  homeWith,
  openTestHome,
  published,
  type TestHome,
  textOf,
} from '../registry/hosted/home.contract.ts';
import { receive, serveHosted } from './hosted.ts';
import { itemAt, locate, type Place } from './path.ts';

afterEach(closeHomes);

function placeOf(path: string): Place {
  const place = locate(path);
  if (place === null || 'malformed' in place) throw new Error(`${path} is no address`);
  return place;
}

async function indexOf(repository: string, home: TestHome): Promise<string> {
  const place = placeOf(`/${repository}/index.yaml`);
  return textOf(await serveHosted(itemAt(place), place, home.as(alice)));
}

const app = { name: 'app', version: '1.0.0', meta: { chart: { name: 'app' }, readme: null } };

test('a chart that is taken out of one stays in the other', async () => {
  const home = await openTestHome();
  const files = {
    'one/app-1.0.0.tgz': 'app',
    'one/app-1.0.0.tgz.prov': 'signed',
    'two/app-1.0.0.tgz': 'app',
  };
  await published(home, { ...app, files });
  const at = { ...home.as(alice, { method: 'DELETE' }), path: '/one/api/charts/app/1.0.0', query: '' };
  await receive('delete', at, () => false);
  expect(await indexOf('one', home)).not.toContain('"app"');
  expect(await indexOf('two', home)).toContain('app-1.0.0.tgz');
  const prov = placeOf('/one/charts/app/1.0.0/app-1.0.0.tgz.prov');
  expect((await serveHosted(itemAt(prov), prov, home.as(alice))).status).toBe(404);
});

test('what the config no longer counts among what lives here is not told of', async () => {
  const home = await openTestHome();
  await published(home, { ...app, files: { 'one/app-1.0.0.tgz': 'app' } });
  expect(await indexOf('one', home)).toContain('"app"');
  expect(await indexOf('one', homeWith(home.stores, { names: ['other-*'] }))).not.toContain('"app"');
});
