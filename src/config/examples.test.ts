import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { embedded } from './embedded.ts';
import { formatMistake } from './mistake.ts';
import { parseNetwork } from './network.ts';

const examples = join(import.meta.dir, '../../examples');

async function parse(name: string, here?: readonly string[]) {
  const { default: input } = await import(join(examples, name, 'meridian.config.ts'));
  const env = { MERIDIAN_SECRET: 'x'.repeat(64), PACKAGES_TOKEN: 't0k3n', NATS_TOKEN: 't0k3n' };
  const result = parseNetwork(input, { configDir: join(examples, name), env, overrides: {}, here });
  if (!result.ok) throw new Error(result.mistakes.map(formatMistake).join('\n'));
  return result.network;
}

describe('an example', () => {
  test('is the embedded network, as it is without a config file', async () => {
    const { default: input } = await import(join(examples, 'embedded/meridian.config.ts'));
    expect(input).toEqual(embedded);
    await parse('embedded');
  });

  test('is a network in two regions', async () => {
    const network = await parse('two-regions');
    expect(Object.keys(network.nodes)).toEqual(['origin', 'shield-eu', 'shield-us', 'pop-eu', 'pop-us']);
    await parse('two-regions', ['pop-us']);
  });

  test('is a PoP of two machines', async () => {
    const { nodes } = await parse('one-ring');
    expect(nodes['lhr-2']?.ring).toMatchObject({ name: 'lhr', address: 'http://10.0.0.6:7946', capacity: 2 });
  });
});
