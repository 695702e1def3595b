import { describe, expect, test } from 'bun:test';
import { npmSetting } from './npm-setting.ts';

const never = () => Promise.reject(new Error('npm was asked'));

describe('the npm setting', () => {
  test('is what npm says', async () => {
    expect(await npmSetting({ env: {}, ask: async () => 'https://packages.example/npm/\n' })).toBe(
      'https://packages.example/npm',
    );
  });

  test('is that of the variable first, and then npm is not asked', async () => {
    const env = { npm_config_registry: 'http://mirror.example/' };
    expect(await npmSetting({ env, ask: never })).toBe('http://mirror.example');
    expect(await npmSetting({ env: { NPM_CONFIG_REGISTRY: 'http://mirror.example' }, ask: never })).toBe(
      'http://mirror.example',
    );
  });

  test.each(['undefined\n', '', 'null'])('is missing when npm says %p', async (answer) => {
    await expect(npmSetting({ env: {}, ask: async () => answer })).rejects.toThrow(
      '`npm config get registry` names no registry. Name the registry in the config',
    );
  });

  test('is not taken with credentials in it, and they are not repeated', async () => {
    const asked = npmSetting({ env: {}, ask: async () => 'https://user:hunter2@packages.example/' });
    const error = await asked.catch((thrown: Error) => thrown.message);
    expect(error).toContain('is no http or https URL without user name');
    expect(error).not.toContain('hunter2');
  });
});
