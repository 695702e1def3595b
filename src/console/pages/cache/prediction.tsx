/** Prediction: what was fetched before anybody asked for it, and whether that was of use. */
import { useMemo } from 'preact/hooks';
import type { Counts, NodeState, Predicted, Series } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { total } from '../../data/counts.ts';
import { precisionOf, recallOf, sourceInWords, tallyOf } from '../../data/predicted.ts';
import { rangeOf, ranges } from '../../data/ranges.ts';
import { useSession } from '../../data/session.ts';
import { stepsOf, sumOfSteps } from '../../data/steps.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { SharedCursor } from '../../parts/cursor.tsx';
import { bytes, count, milliseconds, percent } from '../../parts/format.ts';
import { Notice } from '../../parts/notice.tsx';
import { Panel, Tile } from '../../parts/panel.tsx';
import { Segments } from '../../parts/segments.tsx';
import { Table } from '../../parts/table.tsx';
import { ForesightChart, PredictedBytesChart } from './prediction-charts.tsx';
import { Standings } from './standings.tsx';

const everyMs = 5_000;

export function Prediction() {
  const { ask } = useSession();
  const [query, change] = useQuery();
  const { node } = query;
  const range = rangeOf(query['range']);
  const { spanMs, points } = range;
  const nodes = useAnswer(() => ask('GET', '/nodes'), [], everyMs);
  const series = useAnswer(
    () => ask('GET', at('/series', {}, { spanMs, points, node })),
    [range.value, node],
    range.everyMs,
  );
  const pops = (nodes.value ?? []).filter(({ role }) => role === 'pop');
  return (
    <>
      <div class="row whose">
        <WhichPop pops={pops} node={node} choose={(chosen) => change({ node: chosen })} />
        <Segments
          label="Time"
          options={ranges}
          value={range.value}
          choose={(value) => change({ range: value })}
        />
      </div>
      <Answered known={nodes}>
        {(all) => (
          <Standings pops={all.filter(({ role, node: name }) => role === 'pop' && (node ?? name) === name)} />
        )}
      </Answered>
      <Answered known={series}>{(answer) => <OverTime series={answer} />}</Answered>
      <Cli command={['status', node !== undefined && '--node', node]} />
    </>
  );
}

function WhichPop({
  pops,
  node = '',
  choose,
}: {
  readonly pops: readonly NodeState[];
  readonly node: string | undefined;
  readonly choose: (node: string | undefined) => void;
}) {
  const told = pops.map((pop) => pop.node);
  const names = [...new Set(node === '' ? told : [...told, node])].sort();
  return (
    <select
      aria-label="Which PoP"
      value={node}
      onChange={({ currentTarget: { value } }) => choose(value === '' ? undefined : value)}
    >
      <option value="">All PoPs</option>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

function OverTime({ series }: { readonly series: Series }) {
  const steps = useMemo(() => stepsOf(series, 'pop'), [series]);
  const counts = useMemo(() => sumOfSteps(steps), [steps]);
  const { predicted } = counts;
  if (predicted === undefined || (tallyOf(predicted).foreseen === 0 && predicted.unforeseen === 0))
    return (
      <Notice kind="quiet">
        Nothing was foreseen in this time, and nobody waited for anything that could have been. Predictions
        begin with the first request that a PoP has to ask its parent for.
      </Notice>
    );
  return (
    <SharedCursor>
      <Figures counts={counts} predicted={predicted} />
      <div class="panels charts">
        <ForesightChart steps={steps} />
        <PredictedBytesChart steps={steps} />
        <Sources predicted={predicted} />
      </div>
    </SharedCursor>
  );
}

function Figures({ counts, predicted }: { readonly counts: Counts; readonly predicted: Predicted }) {
  const tally = tallyOf(predicted);
  const { used, inVain, inVainBytes, fetchedBytes, savedMs } = tally;
  const requests = total(counts, 'requests');
  return (
    <dl class="tiles">
      <Tile
        label="Precision"
        value={share(precisionOf(tally))}
        note={`${count(used)} used, ${count(inVain)} in vain`}
      />
      <Tile
        label="Recall"
        value={share(recallOf(predicted))}
        note={`${count(predicted.unforeseen)} not foreseen`}
      />
      <Tile
        label="Hit ratio gained"
        value={requests === 0 ? '–' : percent(used / requests)}
        note={`of ${count(requests)} requests`}
      />
      <Tile label="Fetched in vain" value={bytes(inVainBytes)} note={`of ${bytes(fetchedBytes)} fetched`} />
      <Tile
        label="Time saved"
        value={milliseconds(savedMs)}
        note={used === 0 ? undefined : `${milliseconds(savedMs / used)} for each`}
      />
    </dl>
  );
}

function Sources({ predicted }: { readonly predicted: Predicted }) {
  return (
    <Panel title="What led to it" wide>
      <Table
        caption="What led to predictions"
        rows={Object.entries(predicted.sources)}
        id={([source]) => source}
        none="Nothing was foreseen in this time."
        columns={[
          {
            title: 'Source',
            cell: ([source]) => {
              const { title, note } = sourceInWords(source);
              return (
                <>
                  {title}
                  <div class="note">{note}</div>
                </>
              );
            },
          },
          { title: 'Precision', isNumber: true, cell: ([, tally]) => share(precisionOf(tally)) },
          { title: 'Fetched', isNumber: true, cell: ([, { fetched }]) => count(fetched) },
          { title: 'Used', isNumber: true, cell: ([, { used }]) => count(used) },
          { title: 'In vain', isNumber: true, cell: ([, { inVain }]) => count(inVain) },
          { title: 'Bytes in vain', isNumber: true, cell: ([, { inVainBytes }]) => bytes(inVainBytes) },
          { title: 'Failed', isNumber: true, cell: ([, { failed }]) => count(failed) },
          { title: 'Too unlikely', isNumber: true, cell: ([, { doubted }]) => count(doubted) },
          { title: 'Left', isNumber: true, cell: ([, { left }]) => count(left) },
          { title: 'Time saved', isNumber: true, cell: ([, { savedMs }]) => milliseconds(savedMs) },
        ]}
      />
      <p class="note">
        What was fetched counts as used or in vain once a client has come for it, or none has for
        <code> predict.usableS</code>. “Left” had no room, or had waited for too long.
      </p>
    </Panel>
  );
}

function share(value: number | null): string {
  return value === null ? '–' : percent(value);
}
