/**
 * Every configuration that the documentation shows is loaded as a user's would be. What a reader copies, works.
 */
import { describe, expect, test } from 'bun:test';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatMistake } from '../../src/config/mistake.ts';
import { parseNetwork } from '../../src/config/network.ts';
import { type ShownConfig, shownConfigs } from './configs.ts';
import { source } from './source.ts';
import { repository, root } from './tree.ts';

/** Checks what a configuration file exports by default; throws where it is not a network. */
type ParseNetwork = (config: unknown, text: string) => unknown;

/** Below the root, so that `import … from 'meridian'` finds this very package. */
const scratch = join(root, '.artefacts', 'configs');

const shown = shownConfigs(await repository());

describe('a shown configuration', () => {
  test('is every block with the name of the file, and every example', () => {
    const markdown = 'Before\n```ts meridian.config.ts\nexport default 1;\n```\n```ts\nother();\n```\n';
    const files = [
      source('README.md', markdown),
      source('docs/deep/page.md', `- in a list\n  ${markdown.split('\n').slice(1, 4).join('\n  ')}\n`),
      source('CHANGELOG.md', markdown),
      source('examples/npm/meridian.config.ts', 'export default 2;'),
    ];
    expect(shownConfigs(files)).toEqual([
      { place: 'README.md:3', text: 'export default 1;\n', path: undefined },
      { place: 'docs/deep/page.md:3', text: 'export default 1;\n', path: undefined },
      {
        place: 'examples/npm/meridian.config.ts:1',
        text: 'export default 2;',
        path: 'examples/npm/meridian.config.ts',
      },
    ]);
  });

  test('that does not run or does not parse is a failure', async () => {
    const [works, throws, refused] = ['export default 1;', 'throw new Error("no");', 'export default 2;'].map(
      (text, index) => ({ place: `samples/${index}.md:1`, text, path: undefined }),
    );
    const onlyOne: ParseNetwork = (config) => {
      if (config !== 1) throw new Error('not one');
    };
    expect(await load(works!, onlyOne)).toBeUndefined();
    await expect(load(throws!, onlyOne)).rejects.toThrow('no');
    await expect(load(refused!, onlyOne)).rejects.toThrow('not one');
  });

  for (const config of shown) {
    test(`works: ${config.place}`, async () => {
      await load(config, asAReaderWould);
    });
  }
});

async function load(config: ShownConfig, parse: ParseNetwork): Promise<unknown> {
  const file = config.path ? join(root, config.path) : await writeBlock(config);
  const { default: network } = await import(file);
  return parse(network, config.text);
}

async function writeBlock({ place, text }: ShownConfig): Promise<string> {
  const folder = join(scratch, place.replaceAll(/[^\w.-]/g, '_'));
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'meridian.config.ts');
  await writeFile(file, text);
  return file;
}

/** The product's own parser. Variables that the text reads are set: the reader is told to set them. */
const asAReaderWould: ParseNetwork = (config, text) => {
  const names = [...text.matchAll(/env\('(\w+)'\)/g)].map(([, name]) => name ?? '');
  const env = Object.fromEntries(names.map((name) => [name, 'x'.repeat(40)]));
  const parsed = parseNetwork(config, { configDir: root, env, overrides: {} });
  if (!parsed.ok) throw new Error(parsed.mistakes.map(formatMistake).join('\n'));
  return parsed.network;
};
