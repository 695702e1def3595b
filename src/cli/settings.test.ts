import { describe, expect, test } from 'bun:test';
import { UsageError } from './exit.ts';
import { asArguments, loadOptions, logLevelOf } from './settings.ts';

const none = {
  config: undefined,
  data: undefined,
  host: undefined,
  port: undefined,
  'port-base': undefined,
  'log-level': undefined,
  'log-format': undefined,
};

describe('what to load', () => {
  test('is nothing special, unless said', () => {
    expect(loadOptions(none, {}, '/w')).toEqual({
      config: undefined,
      cwd: '/w',
      env: {},
      overrides: { dataDir: undefined, host: undefined, ports: {}, portBase: undefined },
    });
  });

  test('is what flags say, and then variables', () => {
    const values = { ...none, data: 'here', port: ['pop-a=81', 'pop-b=82'], 'port-base': 9000, host: '::1' };
    expect(loadOptions(values, { MERIDIAN_DATA: '/there' }, '/w').overrides).toEqual({
      dataDir: '/w/here',
      host: '::1',
      ports: { 'pop-a': 81, 'pop-b': 82 },
      portBase: 9000,
    });
    expect(loadOptions(none, { MERIDIAN_DATA: 'there' }, '/w').overrides.dataDir).toBe('/w/there');
    expect(loadOptions(none, { MERIDIAN_DATA: '' }, '/w').overrides.dataDir).toBeUndefined();
  });

  test.each(['81', 'pop-a', 'pop-a=', 'pop-a=x', 'pop-a=99999', '=80'])(
    'may not be a port such as %p',
    (port) => {
      expect(() => loadOptions({ ...none, port: [port] }, {}, '/w')).toThrow(UsageError);
    },
  );

  test.each([0, 1.5, 70_000, Number.NaN])('may not be a port base such as %p', (base) => {
    expect(() => loadOptions({ ...none, 'port-base': base }, {}, '/w')).toThrow(UsageError);
  });
});

test('options are handed on as they were given', () => {
  const values = {
    ...none,
    config: 'a b.ts',
    port: ['pop-a=81', 'pop-b=82'],
    'port-base': 9000,
    'log-level': 'warn' as const,
  };
  expect(asArguments(values)).toEqual([
    '--config=a b.ts',
    '--port-base=9000',
    '--log-level=warn',
    '--port=pop-a=81',
    '--port=pop-b=82',
  ]);
  expect(asArguments(none)).toEqual([]);
});

test('the level of the log is that of the flag, of the variable, or info', () => {
  expect(logLevelOf({ ...none, 'log-level': 'debug' }, { MERIDIAN_LOG_LEVEL: 'warn' })).toBe('debug');
  expect(logLevelOf(none, { MERIDIAN_LOG_LEVEL: 'warn' })).toBe('warn');
  expect(logLevelOf(none, {})).toBe('info');
  expect(() => logLevelOf(none, { MERIDIAN_LOG_LEVEL: 'loud' })).toThrow(UsageError);
});
