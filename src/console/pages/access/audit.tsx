/** The audit log: who did what, when and from where, the newest first. */
import type { AuditLine, Route } from '../../data/api.ts';
import { type Ask, at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { type Page, usePages } from '../../data/use-pages.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { Choice, TextField } from '../../parts/form.tsx';
import { time } from '../../parts/format.ts';
import { More } from '../../parts/more.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';

const times = [
  ['1h', 'the last hour', 3_600_000],
  ['1d', 'the last day', 86_400_000],
  ['7d', 'the last week', 7 * 86_400_000],
  ['30d', 'the last 30 days', 30 * 86_400_000],
  ['', 'ever', undefined],
] as const;

const kinds = [
  ['', 'everything'],
  ['denied.', 'what was denied'],
  ['token.', 'tokens'],
  ['grant.', 'grants'],
  ['user.', 'users'],
  ['team.', 'teams'],
] as const;

export function Audit() {
  const { ask } = useSession();
  const [{ by = '', what = '', since = '' }, change] = useQuery();
  const sinceMs = times.find(([text]) => text === since)?.[2];
  const filter = { by, what, sinceMs };
  const { known, more } = usePages((after) => linesFrom(ask, filter, after), [by, what, since]);
  const protocols = useAnswer(async () => protocolsOf(await ask('GET', '/routes')), []).value ?? [];
  const set = (name: string) => (value: string) => change({ [name]: value === '' ? undefined : value });
  return (
    <Panel
      title="Audit log"
      wide
      tools={
        <button type="button" onClick={known.again}>
          Look again
        </button>
      }
    >
      <div class="pair filters">
        <TextField
          label="Who"
          placeholder="user:alice, operator, …"
          value={by}
          set={set('by')}
          type="search"
        />
        <Choice label="What" value={what} set={set('what')} of={kindsWith(what, protocols)} />
        <Choice
          label="When"
          value={since}
          set={set('since')}
          of={times.map(([text, title]) => [text, title] as const)}
        />
      </div>
      <Answered known={known}>
        {({ rows, next }) => (
          <>
            <Table
              caption="Audit log"
              rows={rows}
              id={({ at: place }) => place}
              none={
                next === null ? 'Nothing of this kind is written down.' : 'Nothing of this kind so far back.'
              }
              columns={[
                {
                  title: 'When',
                  cell: ({ atMs }) => <time dateTime={new Date(atMs).toISOString()}>{time(atMs)}</time>,
                },
                { title: 'Who', cell: (line) => <Who {...line} /> },
                { title: 'What', cell: (line) => <What {...line} /> },
                { title: 'About', cell: ({ subject }) => subject },
                { title: 'Detail', cell: detailOf },
              ]}
            />
            {next !== null && <More more={more} does="Look further back" />}
          </>
        )}
      </Answered>
      <Cli
        command={[
          'audit',
          ...(since === '' ? [] : ['--since', since]),
          ...(what === '' ? [] : ['--what', what]),
          ...(by === '' ? [] : ['--by', by]),
        ]}
      />
    </Panel>
  );
}

/** Also what somebody has written into the address. */
/** What happens to packages is noted by protocol. */
function protocolsOf(routes: readonly Route[]): readonly string[] {
  const all = routes.map(({ protocol }) => protocol).filter((protocol) => protocol !== 'web');
  return [...new Set(['npm', ...all])];
}

function kindsWith(what: string, protocols: readonly string[]): readonly (readonly [string, string])[] {
  const known = [...kinds, ...protocols.map((each) => [`${each}.`, `${each} packages`] as const)];
  return known.some(([kind]) => kind === what) ? known : [...known, [what, what]];
}

function Who({ by, from, token }: AuditLine) {
  return (
    <span title={token === null ? undefined : `with the token ${token}`}>
      {by}
      {from !== null && <span class="note"> from {from}</span>}
    </span>
  );
}

function What({ what }: AuditLine) {
  return what.startsWith('denied.') ? <span class="badge bad">{what}</span> : <code>{what}</code>;
}

function detailOf({ detail }: AuditLine): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) =>
      name.endsWith('Ms') && typeof value === 'number'
        ? `${name.slice(0, -2)}: ${time(value)}`
        : `${name}: ${value}`,
    )
    .join(', ');
}

interface Filter {
  readonly by: string;
  /** What it begins with. */
  readonly what: string;
  readonly sinceMs: number | undefined;
}

/** As many as fill a screen, and questions for them, until somebody asks for more. */
const wanted = 50;
const maxQuestions = 5;
const maxLines = 1_000;

/** The API has the whole log; what fits is picked here. */
async function linesFrom(
  ask: Ask,
  { by, what, sinceMs }: Filter,
  after: string | undefined,
): Promise<Page<AuditLine>> {
  const fits = (line: AuditLine) => line.by.includes(by) && line.what.startsWith(what);
  const limit = by === '' && what === '' ? wanted : maxLines;
  const since = sinceMs === undefined ? undefined : Date.now() - sinceMs;
  const rows: AuditLine[] = [];
  let next = after;
  for (let asked = 0; asked < maxQuestions && rows.length < wanted; asked++) {
    const parameters = { newestFirst: 'true', limit, after: next, sinceMs: since };
    const lines = await ask('GET', at('/audit', {}, parameters));
    rows.push(...lines.filter(fits));
    next = lines.at(-1)?.at;
    if (lines.length < limit) return { rows, next: null };
  }
  return { rows, next: next ?? null };
}
