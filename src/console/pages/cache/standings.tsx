/** How predictions stand at each PoP now: whether they are on, whether they have turned themselves down, and why. */
import type { NodeState } from '../../data/api.ts';
import { sourceInWords } from '../../data/predicted.ts';
import { bytes, count, percent } from '../../parts/format.ts';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';

type State = NonNullable<NodeState['predict']>;

export function Standings({ pops }: { readonly pops: readonly NodeState[] }) {
  if (pops.length === 0) return <Notice kind="quiet">No PoP has reported in the last hour.</Notice>;
  return (
    <Panel title="How it stands now" wide>
      <ul class="standings">
        {pops.toSorted(byName).map((pop) => (
          <li key={`${pop.node} ${pop.worker}`}>
            <Pop {...pop} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function byName(a: NodeState, b: NodeState): number {
  return a.node.localeCompare(b.node) || a.worker - b.worker;
}

function Pop({ node, worker, silent, predict }: NodeState) {
  const reasons = predict === null ? [] : reasonsOf(predict);
  const [kind, says] = badgeOf(predict, silent, reasons.length);
  return (
    <>
      <strong>{worker === 0 ? node : `${node} ${worker}`}</strong> <span class={`badge ${kind}`}>{says}</span>
      {predict === null ? (
        <p class="note">
          It fetches nothing ahead: its config says <code>predict: false</code>, or it is of a version that
          does not predict.
        </p>
      ) : (
        <>
          {reasons.map((reason) => (
            <p key={reason} class="warn">
              {reason}
            </p>
          ))}
          <p class="note">{doingOf(predict)}</p>
        </>
      )}
    </>
  );
}

function badgeOf(
  predict: State | null,
  isSilent: boolean,
  reasons: number,
): readonly [kind: string, says: string] {
  if (isSilent) return ['bad', 'silent'];
  if (predict === null) return ['', 'off'];
  return reasons > 0 ? ['warn', 'turned down'] : ['good', 'on'];
}

/** As much on its way at once is little. */
const littleBytes = 256 * 1024;
const fullShare = 0.95;

/** Why less is fetched than could be, in sentences. */
function reasonsOf({ goal, standings, windowBytes, unusedBytes, roomBytes }: State): readonly string[] {
  const said = standings.flatMap(({ source, route, precision, threshold }) => {
    if (precision === null || precision >= goal) return [];
    const what = `${sourceInWords(source).title} on ${route}`;
    const why = `${percent(precision)} of what was fetched lately was used, and ${percent(goal)} should be`;
    return threshold > 1
      ? [`${what}: off, but for one session in sixteen that tries whether it has become better. ${why}.`]
      : [`${what}: only what is at least ${percent(threshold)} likely is fetched. ${why}.`];
  });
  if (windowBytes <= littleBytes)
    said.push(`Only ${bytes(windowBytes)} at once: the way to its parents is full, or a parent fails.`);
  if (roomBytes > 0 && unusedBytes >= roomBytes * fullShare)
    said.push(`No room: ${bytes(unusedBytes)} have been fetched that nobody has come for yet.`);
  return said;
}

function doingOf(state: State): string {
  const { sessions, waiting, underWay, unusedBytes, roomBytes, learned } = state;
  const clients =
    sessions === 1 ? '1 client in the last minute' : `${count(sessions)} clients in the last minute`;
  const learning =
    learned === null
      ? 'nothing is learned'
      : `${count(learned.names)} addresses learned, in ${bytes(learned.bytes)}`;
  return `${clients}; ${count(underWay)} being fetched, ${count(waiting)} waiting; ${bytes(unusedBytes)} of ${bytes(roomBytes)} not used yet; ${learning}.`;
}
