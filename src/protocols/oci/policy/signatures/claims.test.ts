/** What counts as a signature: by real keys of each kind, of this very manifest. */
import { describe, expect, test } from 'bun:test';
import { bundleOf, openSigner, payloadOf } from '../../../../../test/support/cosign.ts';
import { digestOf } from '../../digest.ts';
import { claimInBundle, claimInPayload } from './claims.ts';
import { openKey } from './keys.ts';

const digest = digestOf(new TextEncoder().encode('image'));
const reference = 'registry.example/acme/app';

describe.each(['ecdsa', 'rsa', 'ed25519'] as const)('%s', (kind) => {
  const signer = openSigner('release', kind);
  const keys = [openKey(openSigner('stranger', kind)), openKey(signer)];

  test('signs a payload', () => {
    const payload = payloadOf(digest, reference);
    expect(claimInPayload(payload, signer.sign(payload), keys)).toEqual({
      ...{ by: ['release'], digests: [digest], names: [reference] },
    });
  });

  test('signs a statement in a bundle', () => {
    expect(claimInBundle(bundleOf({ digest, reference }, signer), keys)).toEqual({
      ...{ by: ['release'], digests: [digest], names: [reference] },
    });
  });

  test('has not signed what was changed since, or what somebody else has signed', () => {
    const payload = payloadOf(digest, reference);
    const other = payloadOf(digestOf(new TextEncoder().encode('other')), reference);
    expect(claimInPayload(other, signer.sign(payload), keys)).toBeNull();
    expect(claimInPayload(payload, openSigner('nobody', kind).sign(payload), keys)).toBeNull();
    for (const nonsense of ['', 'AAAA', '!']) expect(claimInPayload(payload, nonsense, keys)).toBeNull();
  });
});

describe('what a key has signed', () => {
  const signer = openSigner('release');
  const keys = [openKey(signer)];

  test('is no signature of an image if it is a payload of another type', () => {
    const text = new TextDecoder().decode(payloadOf(digest, '')).replace('cosign container image', 'some');
    const payload = new TextEncoder().encode(text);
    expect(claimInPayload(payload, signer.sign(payload), keys)).toBeNull();
  });

  test('is none if it is a statement of something else about it', () => {
    expect(claimInBundle(bundleOf({ digest }, signer, 'https://slsa.dev/provenance/v1'), keys)).toBeNull();
  });

  test('is none if the envelope holds another statement than the one that is signed', () => {
    const good = JSON.parse(new TextDecoder().decode(bundleOf({ digest }, signer)));
    const evil = JSON.parse(
      new TextDecoder().decode(bundleOf({ digest: digestOf(new Uint8Array([1])) }, signer)),
    );
    evil.dsseEnvelope.signatures = good.dsseEnvelope.signatures;
    expect(claimInBundle(new TextEncoder().encode(JSON.stringify(evil)), keys)).toBeNull();
  });

  test('may be anything else, or nothing', () => {
    for (const text of ['', '{}', '[]', '{"dsseEnvelope":{}}'])
      expect(claimInBundle(new TextEncoder().encode(text), keys)).toBeNull();
  });
});
