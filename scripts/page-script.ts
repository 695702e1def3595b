/**
 * Builds the script that pages load to report their timings, and writes it to where PoPs serve it from:
 *
 *     bun scripts/page-script.ts
 */
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../src/telemetry/rum');

/** Minified, as one function that leaves nothing behind in the page. */
export async function builtPageScript(): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(folder, 'page/page.ts')],
    target: 'browser',
    format: 'iife',
    minify: true,
  });
  const [output] = outputs;
  if (output === undefined) throw new Error('the build gave nothing');
  return (await output.text()).trim();
}

if (import.meta.main) {
  const text = `/**
 * The script that pages load: \`page/page.ts\`, built by \`bun scripts/page-script.ts\`. It is kept here built, so that every
 * node serves the same bytes, and a page can say which it expects.
 */
export const pageScript =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: they are the script's own
  ${quoted(await builtPageScript())};
`;
  await Bun.write(join(folder, 'script.ts'), text);
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}
