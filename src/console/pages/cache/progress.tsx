/** How far one purge has come, node by node. */
import { useEffect, useState } from 'preact/hooks';
import type { PurgeState } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { type Known, useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { milliseconds, time } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { inWords } from './kinds.ts';

/** Until all nodes have it. */
const everyMs = 500;

export function Progress({ log, sequence }: { readonly log: string; readonly sequence: string }) {
  const { ask } = useSession();
  const known = useUntilDone(
    () => ask('GET', at('/purges/:log/:sequence', { log, sequence })),
    [log, sequence],
  );
  return (
    <Panel title="This purge" wide>
      <Answered known={known}>{(state) => <Nodes {...state} />}</Answered>
    </Panel>
  );
}

/** Asks again until all have it, or it is not known any more; then there is no more to learn. */
function useUntilDone(ask: () => Promise<PurgeState>, by: readonly unknown[]): Known<PurgeState> {
  const [isOver, setOver] = useState(false);
  const known = useAnswer(ask, by, isOver ? 0 : everyMs);
  const ends = known.value?.all === true || known.error !== undefined;
  useEffect(() => {
    if (ends) setOver(true);
  }, [ends]);
  return known;
}

function Nodes({ atMs, by, soft, selectors, selectorCount, nodes, gone, all, allMs }: PurgeState) {
  const names = Object.keys(nodes).sort();
  const applied = Object.values(nodes).filter((each) => each.applied).length;
  return (
    <>
      <p>
        <span class={all ? 'badge good' : 'badge warn'}>
          {all ? 'done' : `${applied} of ${names.length} nodes`}
        </span>{' '}
        {soft ? 'Stale' : 'Gone'}: <code>{selectors.map(inWords).join(', ')}</code>
        {selectorCount > selectors.length && ` and ${selectorCount - selectors.length} more`}
        {all && allMs !== null && `, at every node that lives after ${milliseconds(allMs)}`}
      </p>
      <progress max={Math.max(1, names.length)} value={applied} aria-label="Nodes that have carried it out" />
      <ul class="nodes">
        {names.map((name) => (
          <li key={name}>
            <strong>{name}</strong>{' '}
            {nodes[name]?.applied ? (
              <span class="good">
                has it{nodes[name].ms !== null && ` after ${milliseconds(nodes[name].ms)}`}
              </span>
            ) : (
              <span class="warn">not yet</span>
            )}
          </li>
        ))}
        {gone.map((name) => (
          <li key={name}>
            <strong>{name}</strong>{' '}
            <span class="note">not heard of: it catches up when it is back, or trusts nothing</span>
          </li>
        ))}
      </ul>
      <p class="note">
        Asked for at {time(atMs)} by {by}
      </p>
    </>
  );
}
