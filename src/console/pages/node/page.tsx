/** One node: how it is, what it keeps, and what it did in the last hour. */

import { useMemo } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { Series } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { type NetworkNode, nodesOf } from '../../data/network-node.ts';
import { useSession } from '../../data/session.ts';
import { stepsOf, sumOfSteps } from '../../data/steps.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Administrators } from '../../parts/administrators.tsx';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { SharedCursor } from '../../parts/cursor.tsx';
import { HealthBadge, nowOf } from '../../parts/health.tsx';
import { Notice } from '../../parts/notice.tsx';
import { useTitle } from '../../parts/title.ts';
import { HitRatioChart, LatencyChart, RequestsChart } from '../../parts/traffic-charts.tsx';
import { TrafficTiles } from '../../parts/traffic-tiles.tsx';
import { About, LayerTimes, Stores, Troubles } from './parts.tsx';

const stateEveryMs = 5_000;
const seriesEveryMs = 10_000;
const spanMs = 3_600_000;
const points = 180;

export default function Node() {
  return (
    <Administrators title="Node">
      <All />
    </Administrators>
  );
}

function All() {
  const { ask } = useSession();
  const { params } = useRoute();
  const name = params['name'] ?? '';
  useTitle(`${name} · Network`);
  const states = useAnswer(() => ask('GET', '/nodes'), [], stateEveryMs);
  const series = useAnswer(
    () => ask('GET', at('/series', {}, { spanMs, points, node: name })),
    [name],
    seriesEveryMs,
  );
  const nodes = nodesOf(states.value ?? []);
  const node = nodes.find((one) => one.name === name);
  return (
    <>
      <p class="crumb">
        <a href="/console/">Network</a>
      </p>
      <div class="page-head">
        <h1>{name}</h1>
        {node !== undefined && <HealthBadge node={node} nowMs={nowOf(nodes)} />}
      </div>
      <Answered known={states}>
        {() => (node === undefined ? <Unheard name={name} /> : <Now node={node} nodes={nodes} />)}
      </Answered>
      <Answered known={series}>{(answer) => <LastHour series={answer} />}</Answered>
      <p class="note">
        <a href={`/console/traffic?node=${encodeURIComponent(name)}`}>All of its traffic</a> ·{' '}
        <a href="/console/cache/hot">Hot objects</a>
      </p>
      <Cli command={['top', '--node', name]} />
    </>
  );
}

function Unheard({ name }: { readonly name: string }) {
  return (
    <Notice kind="quiet">
      No node called {name} has reported in the last hour. Does it run? <code>meridian status</code> on its
      machine tells.
    </Notice>
  );
}

function Now({ node, nodes }: { readonly node: NetworkNode; readonly nodes: readonly NetworkNode[] }) {
  return (
    <>
      <Troubles node={node} nowMs={nowOf(nodes)} />
      <div class="panels">
        <About node={node} />
        <Stores node={node} />
      </div>
    </>
  );
}

function LastHour({ series }: { readonly series: Series }) {
  const steps = useMemo(() => stepsOf(series, null), [series]);
  const counts = useMemo(() => sumOfSteps(steps), [steps]);
  const isPop = series.points.some(({ roles }) => 'pop' in roles);
  return (
    <SharedCursor>
      <h2 class="part">The last hour</h2>
      <TrafficTiles counts={counts} steps={steps} bounds={series.bounds} isPop={isPop} />
      <div class="panels charts">
        <RequestsChart steps={steps} />
        <HitRatioChart steps={steps} />
        <LatencyChart steps={steps} bounds={series.bounds} />
        <LayerTimes counts={counts} bounds={series.bounds} />
      </div>
    </SharedCursor>
  );
}
