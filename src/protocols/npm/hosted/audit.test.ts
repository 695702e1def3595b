import { afterEach, expect, test } from 'bun:test';
import { closeWorld } from '../world.contract.ts';
import { acts, alice, type Home, openHome, publicationOf, published, someone } from './home.contract.ts';

afterEach(closeWorld);

const lines = async (home: Home) =>
  (await acts(home)).map(({ by, what, subject, detail }) => ({ by, what, subject, detail }));

/** The document as its owner sees it, to be sent back changed. */
async function seen(home: Home, name: string): Promise<Record<string, unknown>> {
  return JSON.parse((await home.as(alice, 'GET', `/${name}?write=true`)).text);
}

test('who published what is written down', async () => {
  const home = await openHome();
  await published(home, '@acme/ui', '1.0.0');
  expect(await acts(home)).toEqual([
    {
      ...{ atMs: expect.any(Number), by: 'user:alice', token: 'token', from: null },
      ...{ what: 'npm.publish', subject: 'npm @acme/ui@1.0.0' },
      detail: { tags: 'latest', bytes: expect.any(Number) },
    },
  ]);
});

test('what is refused is not', async () => {
  const home = await openHome();
  await published(home, 'own', '1.0.0');
  const again = await home.as(alice, 'PUT', '/own', publicationOf('own', '1.0.0'));
  const stranger = await home.as(someone('eve', 'read'), 'PUT', '/own', publicationOf('own', '2.0.0'));
  expect([again.status, stranger.status]).toEqual([403, 403]);
  expect(await lines(home)).toHaveLength(1);
});

test('who took away a version, and who all of them', async () => {
  const home = await openHome();
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) await published(home, 'own', version);
  const { versions, ...document } = await seen(home, 'own');
  const { '1.1.0': _, ...kept } = versions as Record<string, unknown>;
  const edit = { ...document, versions: kept };
  await home.as(alice, 'PUT', `/own/-rev/${document['_rev']}`, edit);
  await home.as(alice, 'DELETE', `/own/-rev/${(await seen(home, 'own'))['_rev']}`);
  expect((await lines(home)).slice(3)).toEqual([
    {
      ...{ by: 'user:alice', what: 'npm.unpublish', subject: 'npm own@1.1.0' },
      detail: { versions: 1, numbers: '1.1.0' },
    },
    {
      ...{ by: 'user:alice', what: 'npm.unpublish', subject: 'npm own' },
      detail: { versions: 2, numbers: '1.0.0 1.2.0' },
    },
  ]);
});

test('who changed a tag, the access, the owners, what is deprecated, and the key', async () => {
  const home = await openHome();
  await published(home, 'own', '1.0.0');
  await home.as(alice, 'PUT', '/-/package/own/dist-tags/next', '1.0.0');
  await home.as(alice, 'DELETE', '/-/package/own/dist-tags/next');
  await home.as(alice, 'POST', '/-/package/own/access', { access: 'restricted' });
  const document = await seen(home, 'own');
  const maintainers = [{ name: 'alice' }, { name: 'bob' }];
  await home.as(alice, 'PUT', `/own/-rev/${document['_rev']}`, { ...document, maintainers });
  await home.as(alice, 'POST', '/-/npm/v1/keys');
  expect((await lines(home)).slice(1)).toEqual([
    { by: 'user:alice', what: 'npm.tag', subject: 'npm own@1.0.0', detail: { tag: 'next' } },
    { by: 'user:alice', what: 'npm.tag', subject: 'npm own', detail: { tag: 'next' } },
    { by: 'user:alice', what: 'npm.access', subject: 'npm own', detail: { access: 'restricted' } },
    { by: 'user:alice', what: 'npm.edit', subject: 'npm own', detail: { owners: 'alice bob' } },
    { by: 'user:alice', what: 'npm.key', subject: 'npm', detail: { keyid: expect.any(String) } },
  ]);
});
