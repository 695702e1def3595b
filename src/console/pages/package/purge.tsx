/** Has what is cached of the package fetched anew, everywhere; and says how far that has come. */
import { useState } from 'preact/hooks';
import type { PackagePage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { milliseconds } from '../../parts/format.ts';
import { Notice } from '../../parts/notice.tsx';

const everyMs = 1_000;

interface Position {
  readonly log: string;
  readonly sequence: number;
}

export function Purge({ page: { protocol, name, kind } }: { readonly page: PackagePage }) {
  const { ask } = useSession();
  const [issued, setIssued] = useState<Position | null>(null);
  const tag = `${protocol}:${name}`;
  return (
    <div class="purge">
      <AsksFirst
        does="Purge"
        name={`Purge ${name}`}
        title={`Purge what is cached of ${name}?`}
        command={['purge', '--tag', tag]}
        act={async () => {
          const { position } = await ask('POST', '/purges', { targets: [{ by: 'tag', tag }] });
          setIssued(position);
        }}
      >
        <p>
          All nodes forget what they keep of it, and fetch it again when it is next asked for.{' '}
          {kind === 'hosted'
            ? 'What was published here stays at the origin.'
            : 'What is mirrored stays; the rest has to come from its registry again.'}
        </p>
      </AsksFirst>
      {issued !== null && <Progress key={`${issued.log} ${issued.sequence}`} position={issued} />}
    </div>
  );
}

function Progress({ position: { log, sequence } }: { readonly position: Position }) {
  const { ask } = useSession();
  const [isDone, setDone] = useState(false);
  const { value, error } = useAnswer(
    async () => {
      const state = await ask('GET', at('/purges/:log/:sequence', { log, sequence: String(sequence) }));
      if (state.all) setDone(true);
      return state;
    },
    [],
    isDone ? 0 : everyMs,
  );
  if (error !== undefined && value === undefined) return <Notice kind="bad">{error}</Notice>;
  if (value === undefined) return <Notice kind="quiet">It is on its way.</Notice>;
  const nodes = Object.values(value.nodes);
  const applied = nodes.filter((each) => each.applied).length;
  if (!value.all)
    return (
      <Notice kind="quiet">
        {applied} of {nodes.length} nodes have forgotten it.
      </Notice>
    );
  const took = value.allMs === null ? '' : ` after ${milliseconds(value.allMs)}`;
  return (
    <Notice kind="good">
      All {nodes.length} nodes have forgotten it{took}.
    </Notice>
  );
}
