/**
 * `meridian audit`: the audit log, as a table, or as JSON lines for other programs to read.
 */
import { z } from 'zod';
import { auditEvent } from '../access/register/audit.ts';
import { apiOptions, asker } from './access/ask.ts';
import { secondsIn } from './access/duration.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { jsonOption } from './settings.ts';
import { table } from './table.ts';

const options = {
  since: {
    type: 'string',
    requiresArg: true,
    describe: 'How far back, such as 7d (default: 1d; with --json: everything)',
  },
  what: {
    type: 'string',
    requiresArg: true,
    describe: 'Only what begins with this, such as token. or denied.',
  },
  by: { type: 'string', requiresArg: true, describe: 'Only what was done by this one, such as user:alice' },
  ...apiOptions,
  ...jsonOption,
} as const;

const line = auditEvent.extend({ at: z.string() });
type Line = z.output<typeof line>;
const page = 1_000;

export default command(options, async (values) => {
  const { since = values.json ? undefined : '1d', what = '', by, json } = values;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const sinceMs = since === undefined ? 0 : Date.now() - secondsIn(since) * 1000;
  const wanted = (each: Line) => each.what.startsWith(what) && (by === undefined || each.by === by);
  const rows: string[][] = [];
  for (let place = `sinceMs=${sinceMs}`; ; ) {
    const lines = z.array(line).parse(await ask('GET', `/audit?limit=${page}&${place}`));
    for (const each of lines.filter(wanted)) {
      if (json) console.log(JSON.stringify(each));
      else rows.push(rowOf(each));
    }
    const last = lines.at(-1);
    if (last === undefined || lines.length < page) break;
    place = `after=${encodeURIComponent(last.at)}`;
  }
  if (!json) process.stdout.write(rows.length === 0 ? 'nothing\n' : table(heading, rows));
  return exit.ok;
});

const heading = ['when', 'by', 'from', 'what', 'subject', 'detail'];

function rowOf({ atMs, by, from, what, subject, detail }: Line): string[] {
  const details = Object.entries(detail).map(([name, value]) => `${name}=${value}`);
  return [new Date(atMs).toISOString().slice(0, 19), by, from ?? '-', what, subject, details.join(' ')];
}
