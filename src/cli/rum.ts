/** `meridian rum`: how fast the network really is, as pages and commands have told it lately. */
import type { z } from 'zod';
import { rumAnswer } from '../access/api/fleet-state.ts';
import { readableSize } from '../telemetry/readable.ts';
import { apiOptions, asker } from './access/ask.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { jsonOption } from './settings.ts';
import { table } from './table.ts';

const options = {
  networks: { type: 'boolean', describe: 'By client network and PoP, those that told most first' },
  ...apiOptions,
  ...jsonOption,
} as const;

type Overview = z.output<typeof rumAnswer>;

export default command(options, async (values) => {
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const overview = rumAnswer.parse(await ask('GET', '/rum'));
  if (values.json) console.log(JSON.stringify(overview, null, 2));
  else process.stdout.write(values.networks ? networksIn(overview) : popsIn(overview));
  return exit.ok;
});

const kinds = ['dns', 'connect', 'tls', 'ttfb', 'download', 'lcp'] as const;

function popsIn({ pops, script }: Overview): string {
  const tag = `For pages: <script async src="https://…${script.path}" integrity="${script.integrity}" crossorigin="anonymous"></script>\n`;
  if (pops.length === 0) return `nothing was told lately\n${tag}`;
  const rows = pops.map(({ pop, kinds: of, bytesPerS }) => [
    pop,
    ...kinds.map((kind) => cell(of[kind])),
    bytesPerS === null ? '-' : `${readableSize(bytesPerS)}/s`,
  ]);
  return `${table(['p50 / p95, ms', ...kinds, 'rate'], rows)}${tag}`;
}

function networksIn({ networks }: Overview): string {
  if (networks.length === 0) return 'nothing was told lately\n';
  const rows = networks.map(({ network, pop, weight, kinds: of }) => [
    ...[network, pop, Math.round(weight)],
    ...[cell(of.connect), cell(of.ttfb)],
  ]);
  return table(['network', 'pop', 'timings', 'connect', 'ttfb'], rows);
}

function cell(of: Overview['pops'][number]['kinds'][string] | undefined): string {
  return of === undefined ? '-' : `${of.p50Ms.toFixed(1)} / ${of.p95Ms.toFixed(1)}`;
}
