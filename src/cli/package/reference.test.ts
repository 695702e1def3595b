import { expect, test } from 'bun:test';
import { likelyRoute, readReference } from './reference.ts';

const digest = `sha256:${'0'.repeat(64)}`;

test('a package, or one version of it, as clients write it', () => {
  expect(readReference('@acme/ui')).toEqual({ name: '@acme/ui', version: null });
  expect(readReference('acme/app:v1')).toEqual({ name: 'acme/app', version: 'v1' });
  expect(readReference(`acme/app@${digest}`)).toEqual({ name: 'acme/app', version: digest });
  expect(readReference(`acme/app:v1@${digest}`)).toEqual({ name: 'acme/app', version: digest });
});

test('the port of a host is no tag', () => {
  const name = 'registry.example:5000/team/app';
  expect(readReference(name)).toEqual({ name, version: null });
  expect(readReference(`${name}:v1`)).toEqual({ name, version: 'v1' });
});

test('what can only be an image is looked for among images', () => {
  const routes = ['left-pad', '@acme/ui', 'acme/app', 'app:v1'].map((text) =>
    likelyRoute(readReference(text)),
  );
  expect(routes).toEqual(['npm', 'npm', 'oci', 'oci']);
});
