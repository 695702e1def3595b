import { describe, expect, test } from 'bun:test';
import { type Hop, sealHop, signHop, socketSeal, unsealHop, verifyHop } from './hop.ts';

const secret = 'a secret that is long enough for this';
const now = Date.UTC(2026, 10, 21);
const hop: Hop = {
  from: 'lhr.2',
  id: '4f5a-1',
  client: '2001:db8::1',
  base: 'https://packages.example.com:8443',
  added: ['accept-encoding'],
};
const signed = signHop(secret, hop, 'GET', '/a?b', now);

describe('a hop', () => {
  test('says whose request it is, whatever that is', () => {
    expect(verifyHop(secret, signed, 'GET', '/a?b', now)).toEqual(hop);
    const others: Hop[] = [
      { ...hop, added: [] },
      { ...hop, added: ['accept-encoding', 'user-agent'] },
      { ...hop, memoryOnly: true },
      { ...hop, added: [], memoryOnly: true },
      { ...hop, client: 'unknown', base: 'http://[::1]:80' },
    ];
    for (const other of others) {
      expect(verifyHop(secret, signHop(secret, other, 'HEAD', '/', now), 'HEAD', '/', now)).toEqual(other);
    }
  });

  test('holds for its request and a minute, and for those who know the secret', () => {
    expect(verifyHop(secret, signed, 'HEAD', '/a?b', now)).toBeNull();
    expect(verifyHop(secret, signed, 'GET', '/a?c', now)).toBeNull();
    expect(verifyHop(`${secret}!`, signed, 'GET', '/a?b', now)).toBeNull();
    expect(verifyHop(secret, signed, 'GET', '/a?b', now + 60_000)).toEqual(hop);
    expect(verifyHop(secret, signed, 'GET', '/a?b', now + 60_001)).toBeNull();
    expect(verifyHop(secret, signed, 'GET', '/a?b', now - 60_001)).toBeNull();
  });

  test.each(['', 'ping', signed.slice(1), `${signed}A`, signed.replace('lhr', 'fra'), signed.toUpperCase()])(
    'is not %p',
    (value) => {
      expect(verifyHop(secret, value, 'GET', '/a?b', now)).toBeNull();
    },
  );

  test('at a socket holds for those who know the secret, at that socket', () => {
    const seal = socketSeal(secret, 'unix:/run/2.sock');
    const strange: Hop = { ...hop, client: 'un known', base: 'http://[::1]:80', added: ['user-agent'] };
    for (const one of [hop, strange]) expect(unsealHop(seal, sealHop(seal, one, now))).toEqual(one);
    expect(unsealHop(socketSeal(secret, 'unix:/run/3.sock'), sealHop(seal, hop, now))).toBeNull();
    expect(unsealHop(socketSeal(`${secret}!`, 'unix:/run/2.sock'), sealHop(seal, hop, now))).toBeNull();
    expect(unsealHop(seal, 'ping')).toBeNull();
    // Over a network it says nothing.
    expect(verifyHop(secret, sealHop(seal, hop, now), 'GET', '/', now)).toBeNull();
  });
});
