/** The traffic: how much there is, where it is answered from, how fast, and what goes wrong. */
import { useMemo } from 'preact/hooks';
import type { Series } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { rangeOf, ranges } from '../../data/ranges.ts';
import { useSession } from '../../data/session.ts';
import { stepsOf, sumOfSteps } from '../../data/steps.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Administrators } from '../../parts/administrators.tsx';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { SharedCursor } from '../../parts/cursor.tsx';
import { Segments } from '../../parts/segments.tsx';
import {
  BandwidthChart,
  ErrorsChart,
  HitRatioChart,
  LatencyChart,
  RequestsChart,
} from '../../parts/traffic-charts.tsx';
import { TrafficTiles } from '../../parts/traffic-tiles.tsx';
import { Distributions } from './distributions.tsx';
import { Routes } from './routes.tsx';
import { type Source, sourceOf, WhoseTraffic } from './source.tsx';

export default function Traffic() {
  return (
    <Administrators title="Traffic">
      <All />
    </Administrators>
  );
}

function All() {
  const { ask } = useSession();
  const [query, change] = useQuery();
  const range = rangeOf(query['range']);
  const source = sourceOf(query);
  const node = source.kind === 'node' ? source.name : undefined;
  const { spanMs, points, everyMs } = range;
  const series = useAnswer(
    () => ask('GET', at('/series', {}, { spanMs, points, node })),
    [range.value, node],
    everyMs,
  );
  return (
    <>
      <div class="page-head">
        <h1>Traffic</h1>
        <div class="row">
          <WhoseTraffic source={source} choose={change} />
          <Segments
            label="Time"
            options={ranges}
            value={range.value}
            choose={(value) => change({ range: value })}
          />
        </div>
      </div>
      <Answered known={series}>{(answer) => <Body series={answer} source={source} />}</Answered>
      <Cli command={['top', node !== undefined && '--node', node]} />
    </>
  );
}

function Body({ series, source }: { readonly series: Series; readonly source: Source }) {
  const { bounds } = series;
  const role = source.kind === 'role' ? source.name : null;
  const steps = useMemo(() => stepsOf(series, role), [series, role]);
  const counts = useMemo(() => sumOfSteps(steps), [steps]);
  return (
    <SharedCursor>
      <TrafficTiles counts={counts} steps={steps} bounds={bounds} isPop={isOfPops(series, source)} />
      <div class="panels charts">
        <RequestsChart steps={steps} />
        <BandwidthChart steps={steps} />
        <HitRatioChart steps={steps} />
        <LatencyChart steps={steps} bounds={bounds} />
        <ErrorsChart steps={steps} />
        <Routes counts={counts} />
        <Distributions counts={counts} bounds={bounds} />
      </div>
    </SharedCursor>
  );
}

function isOfPops({ points }: Series, source: Source): boolean {
  return source.kind === 'role' ? source.name === 'pop' : points.some(({ roles }) => 'pop' in roles);
}
