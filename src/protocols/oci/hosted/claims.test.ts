import { expect, test } from 'bun:test';
import { type HostedOptions, openHosted } from './claims.ts';

const options: HostedOptions = {
  names: ['*'],
  public: ['open/*'],
  immutableTags: ['v*'],
  maxBlobBytes: 1,
  keepUnneededS: 1,
};

test('what begins with a source lives there, whatever the patterns say', () => {
  const { claims } = openHosted(options, ['docker.io', 'registry.example:5000']);
  expect(['acme/app', 'app', 'docker.io', 'docker.iox/app', 'a/docker.io/app'].map(claims)).toEqual(
    Array(5).fill(true),
  );
  expect(['docker.io/library/alpine', 'registry.example:5000/app'].map(claims)).toEqual([false, false]);
});

test('a star stands for any text, and for nothing but text', () => {
  const { claims, isPublic, isImmutable } = openHosted({ ...options, names: ['acme/*', 'a.b/*-c'] }, []);
  expect(['acme/app', 'acme/x/y', 'acme', 'aXb/x-c', 'a.b/x-c'].map(claims)).toEqual([
    ...[true, true, false, false, true],
  ]);
  expect([isPublic('open/a'), isPublic('acme/open/a'), isImmutable('v1'), isImmutable('rv1')]).toEqual([
    ...[true, false, true, false],
  ]);
});
