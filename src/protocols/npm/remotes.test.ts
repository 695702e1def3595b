import { describe, expect, test } from 'bun:test';
import { openRemotes, packumentUrl } from './remotes.ts';

const general = { url: 'https://registry.example', authorization: 'Bearer general' };
const acme = { url: 'https://npm.acme.example/', authorization: 'Bearer acme', scopes: ['@acme', 'tools'] };

describe('a package belongs to', () => {
  const remotes = openRemotes([acme, general]);

  test('the remote that lists its scope, and to no other', () => {
    expect(remotes.of('@acme/secret').url).toBe('https://npm.acme.example');
    expect(remotes.of('@tools/secret').url).toBe('https://npm.acme.example');
    expect(remotes.of('@ACME/secret').url).toBe('https://npm.acme.example');
  });

  test('the default remote, when nobody claims it', () => {
    for (const name of ['acme', 'left', '@acme2/left', '@other/acme'])
      expect(remotes.of(name).url).toBe(general.url);
  });

  test('nobody, when nobody claims it and there is no default', () => {
    const only = openRemotes([acme]);
    expect(() => only.of('left')).toThrow('not-found');
    expect(() => only.fallback()).toThrow('not-found');
    expect(only.isPublic('@acme/secret')).toBe(false);
  });
});

test('the default remote hears of its own packages only', () => {
  const remotes = openRemotes([acme, general]);
  expect(remotes.isPublic('left')).toBe(true);
  expect(remotes.isPublic('@acme/secret')).toBe(false);
  expect(remotes.mentionsPrivate('maintainer:me @Acme/secret')).toBe(true);
  expect(remotes.mentionsPrivate('left @other/right')).toBe(false);
});

test('what two remotes claim is a mistake in the configuration', () => {
  expect(() => openRemotes([general, { url: 'https://other.example', scopes: [] }])).toThrow('only one');
  expect(() => openRemotes([acme, { url: 'https://other.example', scopes: ['@Acme'] }])).toThrow('@acme');
});

describe('credentials go', () => {
  const teamA = { url: 'https://host.example/api/team-a', authorization: 'A', scopes: ['@a'] };
  const teamB = { url: 'https://host.example/api/team-b/', authorization: 'B', scopes: ['@b'] };
  const root = { url: 'https://host.example', authorization: 'root' };
  const remotes = openRemotes([teamA, teamB, root, acme]);
  const sent = (url: string, scope: string) => remotes.at(new URL(url), remotes.of(scope)).authorization;

  test('to the remote’s own origin', () => {
    expect(sent('https://host.example/api/team-a/@a%2fx', '@a/x')).toBe('A');
    expect(sent('https://host.example:443/api/team-a/x.tgz', '@a/x')).toBe('A');
    expect(sent('https://host.example/left', 'left')).toBe('root');
  });

  test('anywhere at that origin, where no other registry is', () => {
    const alone = openRemotes([teamA]);
    const url = new URL('https://host.example/files/x.tgz');
    expect(alone.at(url, alone.of('@a/x')).authorization).toBe('A');
  });

  test('to no other scheme, host or port', () => {
    for (const url of ['http://host.example/x', 'https://host.example:8443/x', 'https://evil.example/x']) {
      expect(sent(url, '@a/x')).toBeUndefined();
    }
    expect(sent('https://host.example.evil.example/x', '@a/x')).toBeUndefined();
    expect(sent('https://host.example@evil.example/x', '@a/x')).toBeUndefined();
    expect(sent('https://me:pass@host.example/x', '@a/x')).toBeUndefined();
  });

  test('to no address of another registry at the same host', () => {
    expect(sent('https://host.example/api/team-b/x.tgz', '@a/x')).toBeUndefined();
    expect(sent('https://host.example/api/team-a/x.tgz', '@b/x')).toBeUndefined();
    expect(sent('https://host.example/api/team-a/x.tgz', 'left')).toBeUndefined();
    expect(sent('https://host.example/api/team-bonus/x.tgz', 'left')).toBe('root');
  });

  test('nowhere else along with the rest of the request', () => {
    expect(remotes.at(new URL('https://evil.example/x?y'), remotes.of('@a/x'))).toEqual({
      url: 'https://evil.example',
    });
  });
});

test('a scoped name is asked for as npm does it', () => {
  const remotes = openRemotes([acme]);
  expect(packumentUrl(remotes.of('@acme/tools'), '@acme/tools')).toBe(
    'https://npm.acme.example/@acme%2ftools',
  );
});
