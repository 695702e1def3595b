import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../test/support/clock.ts';
import { type LogLevel, openLog, silentLog } from './log.ts';

function world(format: 'human' | 'json', level: LogLevel = 'debug') {
  const lines: string[] = [];
  const clock = virtualClock(Date.UTC(2026, 10, 21, 12, 4, 31, 250));
  return { lines, log: openLog({ level, format, clock, write: (line) => lines.push(line) }) };
}

describe('as JSON', () => {
  test('a line has time, level, message and fields, those of its parents first', () => {
    const { log, lines } = world('json');
    log.child({ node: 'pop-a' }).child({ route: 'npm' }).warn('slow', { ms: 5, gone: undefined });
    expect(lines).toEqual([
      '{"time":"2026-11-21T12:04:31.250Z","level":"warn","message":"slow","node":"pop-a","route":"npm","ms":5}\n',
    ]);
  });

  test('an error keeps its message, code, stack and causes', () => {
    const { log, lines } = world('json');
    const cause = Object.assign(new Error('disk'), { code: 'EIO' });
    log.error('failed', { error: new Error('outer', { cause }) });
    const { error } = JSON.parse(lines[0]!);
    expect(error).toMatchObject({ name: 'Error', message: 'outer', cause: { message: 'disk', code: 'EIO' } });
    expect(error.stack).toContain('log.test.ts');
  });

  test('what JSON cannot hold does not keep a line from being written', () => {
    const { log, lines } = world('json');
    const circle: Record<string, unknown> = { n: 1n };
    circle.self = circle;
    log.info('odd', { circle, twice: [circle.n, circle.n], f: () => 1 });
    expect(JSON.parse(lines[0]!)).toMatchObject({
      circle: { n: '1', self: '(circular)' },
      twice: ['1', '1'],
    });
  });
});

describe('for people', () => {
  test('a line is short', () => {
    const { log, lines } = world('human');
    log.info('serving', { urls: ['http://127.0.0.1:1'], node: 'pop-a', why: 'because of this' });
    expect(lines).toEqual([
      '12:04:31 info  serving urls=["http://127.0.0.1:1"] node=pop-a why="because of this"\n',
    ]);
  });

  test('an error shows where it came from', () => {
    const { log, lines } = world('human');
    log.error('failed', { error: new Error('outer', { cause: new TypeError('inner') }) });
    expect(lines[0]).toStartWith('12:04:31 error failed error="outer"\n    at ');
    expect(lines[0]).toContain('\n    caused by TypeError: inner\n');
  });

  test('nothing from outside reaches the terminal as it is', () => {
    const { log, lines } = world('human');
    log.warn('bad\n\x1b[31m', { path: '/a\nb\u202e', deep: { x: '\x9b' } });
    expect(lines[0]).toBe(
      '12:04:31 warn  bad\\x0a\\x1b[31m path="/a\\\\x0ab\\\\u{202e}" deep={"x":"\\x9b"}\n',
    );
  });
});

test('lines below the level are not written', () => {
  const { log, lines } = world('human', 'warn');
  log.debug('no');
  log.info('no');
  log.warn('yes');
  log.child({}).error('yes');
  expect(lines).toHaveLength(2);
});

test('a silent log says nothing', () => {
  silentLog.child({ a: 1 }).error('unheard');
});
