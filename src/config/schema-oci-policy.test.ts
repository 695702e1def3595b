/** What a policy for images may say. */
import { describe, expect, test } from 'bun:test';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { oci } from './define.ts';
import { formatMistake } from './mistake.ts';
import { parseNetwork } from './network.ts';

type Policy = NonNullable<Parameters<typeof oci>[0]>['policy'];

function parse(policy: unknown) {
  const input = {
    secret: 'x'.repeat(32),
    nodes: { origin: { role: 'origin', listen: [{ port: 1 }] } },
    routes: [oci({ policy: policy as Policy })],
  };
  return parseNetwork(input, { configDir: '/etc/meridian', env: {}, overrides: {} });
}

function mistakes(policy: unknown): string[] {
  const result = parse(policy);
  return result.ok ? [] : result.mistakes.map(formatMistake);
}

const pem = (key: KeyObject, type: 'spki' | 'pkcs8' = 'spki') =>
  key.export({ type, format: 'pem' }).toString();
const signed = (...keys: { name: string; pem: string }[]) => ({ signatures: [{ images: ['acme/*'], keys }] });
const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const digest = `sha256:${'0'.repeat(64)}`;

test('says only what it wants', () => {
  const result = parse({ age: [{}] });
  const [route] = result.ok ? result.network.routes : [];
  expect(route?.protocol === 'oci' && route.oci.policy).toEqual({
    ...{ blocked: [], allowed: [], signatures: [] },
    age: [{ images: [], minimumS: 7 * 86_400, since: 'seen', withoutTime: 'refuse', exempt: [] }],
  });
});

describe('images', () => {
  test.each([
    ...['acme/*', 'acme/app:v1*', 'docker.io/library/alpine:<3.18 || 4.x', 'host.example:5000/app:v1'],
    ...[digest, `acme/app@${digest}`, `acme/*@${digest}`],
  ])('may be %s', (text) => {
    expect(mistakes({ blocked: [text] })).toEqual([]);
  });

  test.each([
    ...['', 'Acme/App', 'acme/app:', 'acme/app:<x y', 'sha256:1234', 'acme/app@sha256:1234', 'acme/app@v1'],
  ])('may not be "%s"', (text) => {
    expect(mistakes({ blocked: [text] }).join()).toContain('expected images by their full name');
  });
});

describe('a key', () => {
  test.each([
    ['ECDSA', pem(ecdsa.publicKey)],
    ['RSA', pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
    ['Ed25519', pem(generateKeyPairSync('ed25519').publicKey)],
  ])('may be one of %s', (name, key) => {
    expect(mistakes(signed({ name, pem: key }))).toEqual([]);
  });

  test.each([
    ['a private one', pem(ecdsa.privateKey, 'pkcs8')],
    ['one of another curve', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['nothing', '-----BEGIN PUBLIC KEY-----'],
  ])('may not be %s', (name, key) => {
    expect(mistakes(signed({ name, pem: key })).join()).toContain('expected a public key in PEM form');
  });

  test('counts once, and there have to be as many as are needed', () => {
    const key = pem(ecdsa.publicKey);
    const twice = signed({ name: 'one', pem: key }, { name: 'two', pem: `${key}\n` });
    expect(mistakes(twice).join()).toContain('each key and each name once');
    const [rule] = signed({ name: 'one', pem: key }).signatures;
    expect(mistakes({ signatures: [{ ...rule, needed: 2 }] }).join()).toContain(
      'at most 1, the number of keys',
    );
  });
});
