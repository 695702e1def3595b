/** What a manifest says, and what is not believed of it. */
import { describe, expect, test } from 'bun:test';
import { openSigner, simpleSigned } from '../../../../test/support/cosign.ts';
import { digestOf } from '../digest.ts';
import { contentOf } from './content.ts';

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const digest = (text: string) => digestOf(new TextEncoder().encode(text));
const configType = 'application/vnd.oci.image.config.v1+json';
const layer = (text: string) => ({ mediaType: 'application/x', digest: digest(text), size: 1 });

test('an image names its config and its layers, and may say when it was made', () => {
  const created = '2026-01-02T03:04:05Z';
  const image = {
    config: { mediaType: configType, digest: digest('config'), size: 1 },
    layers: [layer('a'), layer('b')],
    annotations: { 'org.opencontainers.image.created': created },
  };
  const content = contentOf(bytesOf(image));
  expect(new Set<string>(content.names)).toEqual(new Set([digest('config'), digest('a'), digest('b')]));
  expect(content).toMatchObject({ config: digest('config'), createdMs: Date.parse(created), isIndex: false });
});

test('a date from before there were images is none', () => {
  const annotations = { 'org.opencontainers.image.created': '1970-01-01T00:00:00Z' };
  expect(contentOf(bytesOf({ manifests: [], annotations })).createdMs).toBeNull();
});

test('an index names manifests; one that has layers as well, in whatever case, is none', () => {
  const manifests = [{ digest: digest('child') }];
  expect(contentOf(bytesOf({ manifests }))).toMatchObject({ isIndex: true, manifests: [digest('child')] });
  expect(contentOf(bytesOf({ manifests, Layers: [layer('a')] }))).toMatchObject({
    ...{ isIndex: false, manifests: [], names: expect.arrayContaining([digest('a'), digest('child')]) },
  });
});

test('a manifest of an old kind names its layers, too', () => {
  expect(contentOf(bytesOf({ fsLayers: [{ blobSum: digest('a') }] })).names).toEqual([digest('a')]);
});

describe('what holds signatures', () => {
  const { manifest } = simpleSigned({ digest: digest('image') }, openSigner('release'));
  const parsed = JSON.parse(new TextDecoder().decode(manifest));

  test('is told from an image', () => {
    expect(contentOf(manifest).isSignature).toBe(true);
    expect(contentOf(bytesOf({ ...parsed, layers: [] })).isSignature).toBe(false);
    expect(contentOf(bytesOf({ ...parsed, layers: [...parsed.layers, layer('a')] })).isSignature).toBe(false);
  });

  test.each(['Layers', 'LAYERS', 'manifests', 'blobs'])('is not believed with %s besides', (key) => {
    expect(contentOf(bytesOf({ ...parsed, [key]: [layer('a')] })).isSignature).toBe(false);
  });
});

test('what is no manifest says nothing', () => {
  for (const text of ['', '[]', 'null', '"x"']) {
    const content = contentOf(new TextEncoder().encode(text));
    expect(content).toMatchObject({ isIndex: false, isSignature: false, config: null });
  }
});
