import { describe, expect, test } from 'bun:test';
import type { Doing } from '../../../foresight.ts';
import { abbreviatedAccept, exchangeOf, protocolAt } from '../world.contract.ts';
import { readQuestion } from './clue.ts';

const pop = protocolAt('pop');
const npmAgent = { 'user-agent': 'npm/11.6.1 node/v24.9.0 linux x64 workspaces/false' };
const begun: Doing = { asked: () => 0 };

function questionOf(target: string, fields: Record<string, string>, doing = begun) {
  const exchange = exchangeOf(target, fields);
  const clue = pop.foresight!.clue(pop.name(exchange), exchange, doing);
  return clue?.question === undefined || clue.question === null ? null : readQuestion(clue.question);
}

const onLinux = { os: 'linux', cpu: 'x64', libc: 'glibc' };

describe('a document that is asked for', () => {
  test('leads to what its client needs, on his platform', () => {
    expect(questionOf('/@acme%2fui', { ...npmAgent, ...abbreviatedAccept })).toEqual({
      client: { tool: 'npm', platform: onLinux, node: '24.9.0' },
      name: '@acme/ui',
      locked: null,
      form: 'abbreviated',
    });
  });

  test.each([
    ['pnpm/10.1.0 npm/? node/v22.1.0 darwin arm64', 'pnpm', { os: 'darwin', cpu: 'arm64', libc: 'glibc' }],
    ['yarn/1.22.22 npm/? node/v20.1.0 win32 x64', 'yarn', { os: 'win32', cpu: 'x64', libc: 'glibc' }],
    ['Bun/1.4.5', 'bun', onLinux],
    ['got (https://github.com/sindresorhus/got)', 'berry', onLinux],
  ])('by %s, too', (agent, tool, platform) => {
    expect(questionOf('/left', { 'user-agent': agent })?.client).toMatchObject({ tool, platform });
  });

  test.each([
    ['by a browser', '/left', { 'user-agent': 'Mozilla/5.0' }],
    ['to be shown', '/left', { ...npmAgent, 'npm-command': 'view' }],
    ['for news of npm itself', '/npm', npmAgent],
    ['of what is for other platforms', '/@esbuild/darwin-arm64', npmAgent],
    ['of a registry’s keys', '/-/npm/v1/keys', npmAgent],
  ])('%s leads to nothing', (_, target, fields) => {
    expect(questionOf(target, fields)).toBeNull();
  });
});

describe('a file that is asked for', () => {
  const file = '/left/-/left-1.2.3.tgz';

  test('first of all leads to what this version needs, the same for every Node.js', () => {
    expect(questionOf(file, npmAgent)).toMatchObject({ name: 'left', locked: '1.2.3', client: { node: '' } });
  });

  test.each(['packument', 'advisories'])('after %s has told more leads to nothing', (kind) => {
    expect(questionOf(file, npmAgent, { asked: (each) => (each === kind ? 5 : 0) })).toBeNull();
  });

  test('under another name than a version’s leads to nothing', () => {
    expect(questionOf('/left/-/package.tgz', npmAgent)).toBeNull();
  });
});

test.each([
  '',
  'tool=npm',
  'tool=cargo&os=linux&cpu=x64&libc=glibc&name=left',
  'tool=npm&os=linux&cpu=x64&libc=glibc&name=../left',
  'tool=npm&os=linux&cpu=x64&libc=glibc&name=left&locked=../1',
  'tool=npm&os=li nux&cpu=x64&libc=glibc&name=left',
  'tool=npm&os=linux&cpu=x64&libc=glibc&node=;&name=left',
])('%p is no question', (text) => {
  expect(() => readQuestion(text)).toThrow(expect.objectContaining({ code: 'request-malformed' }));
});
