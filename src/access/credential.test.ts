import { describe, expect, test } from 'bun:test';
import { credentialIn } from './credential.ts';
import { makeToken } from './token.ts';

const token = makeToken();
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const credential = (fields: Record<string, string>) => credentialIn(new Headers(fields));

describe('a credential is found', () => {
  const ways: Record<string, Record<string, string>> = {
    'as a bearer': { authorization: `Bearer ${token}` },
    'as a bearer of Hugging Face’s clients': { authorization: `Bearer hf_${token}` },
    'as a bearer in lower case': { authorization: `bearer ${token}` },
    'as a password': { authorization: basic(`alice:${token}`) },
    'as a password without a user name': { authorization: basic(`:${token}`) },
    'as a user name without a password': { authorization: basic(`${token}:`) },
    'as the password of a user who is called after it': { authorization: basic(`__token__:${token}`) },
    'without a scheme': { authorization: token },
    'as a token': { authorization: `token ${token}` },
    'as an API key': { 'x-api-key': token },
    'as an API key of NuGet': { 'x-nuget-apikey': token },
  };
  for (const [way, fields] of Object.entries(ways))
    test(way, () => expect(credential(fields)).toEqual({ as: 'token', token }));

  test('as a user and a password, which may hold colons', () => {
    expect(credential({ authorization: basic('alice:a:b') })).toEqual({
      as: 'password',
      user: 'alice',
      password: 'a:b',
    });
  });

  test('nowhere where there is none', () => expect(credential({ accept: '*/*' })).toEqual({ as: 'none' }));

  test('nowhere where neither a user name nor a password is shown', () =>
    expect(credential({ authorization: 'Basic Og==' })).toEqual({ as: 'none' }));
});

describe('a credential is refused', () => {
  const ways: Record<string, Record<string, string>> = {
    'with a wrong check sum': {
      authorization: `Bearer ${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`,
    },
    'of somebody else': { authorization: 'Bearer npm_abcdefghijklmnopqrstuvwxyz0123456789' },
    'of another kind': { authorization: 'Digest username="alice"' },
    'without a scheme and with a wrong check sum': { authorization: `${token.slice(0, -4)}zzzz` },
    'without a scheme and of somebody else': { authorization: 'rubygems_0123456789abcdef' },
    'with more behind it': { authorization: `${token} ${token}` },
    'of NuGet and of somebody else': { 'x-nuget-apikey': 'oy2abcdefghijklmnop' },
    'without a value': { authorization: 'Bearer' },
    'that is not Base64': { authorization: 'Basic a*b' },
    'without a colon': { authorization: basic('alice') },
    'without a password': { authorization: basic('alice:') },
    'that is too long': { authorization: `Basic ${'A'.repeat(8192)}` },
  };
  for (const [way, fields] of Object.entries(ways))
    test(way, () => expect(credential(fields).as).toBe('malformed'));

  test('without being repeated in the reason', () => {
    const answered = credential({ authorization: 'Bearer hunter2' });
    expect(JSON.stringify(answered)).not.toContain('hunter2');
  });
});
