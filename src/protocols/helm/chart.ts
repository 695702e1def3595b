/** Looks into a chart before it is published: a packed folder with a `Chart.yaml` that says what it is. Nothing is unpacked. */
import { readTar } from '../registry/archive/tar.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { asRecord, parse, tidied } from './index-yaml.ts';
import { isChartName, isChartVersion } from './path.ts';
import { versions } from './version.ts';

const maxChartYamlBytes = 512 * 1024;
/** Of a chart that says so: what an index repeats of it, as JSON. */
const fields = new Set([
  ...[
    'apiVersion',
    'name',
    'version',
    'appVersion',
    'kubeVersion',
    'description',
    'type',
    'keywords',
    'home',
    'sources',
  ],
  ...['dependencies', 'maintainers', 'icon', 'deprecated', 'annotations', 'condition', 'tags'],
]);

export interface ChartContents {
  readonly name: string;
  readonly version: string;
  /** What its `Chart.yaml` says. */
  readonly chart: Readonly<Record<string, unknown>>;
  readonly readme: string | null;
}

/** @throws a `Refusal` that says what is wrong with it. */
export async function inspectChart(packed: ReadableStream<Uint8Array>): Promise<ChartContents> {
  const { kept } = await readTar(packed, {
    gzip: true,
    wanted: (path) => /^[^/]+\/(?:Chart\.yaml|README\.md)$/.test(path),
    maxBytes: 2 * maxChartYamlBytes,
  });
  const found = [...kept].find(([path]) => path.endsWith('/Chart.yaml'));
  if (found === undefined) throw broken('It has no Chart.yaml in its folder.');
  const [path, bytes] = found;
  if (bytes.byteLength > maxChartYamlBytes)
    throw broken(`Its Chart.yaml has more than ${maxChartYamlBytes} bytes.`);
  const chart = chartIn(bytes);
  const { name, version } = chart;
  if (typeof name !== 'string' || !isChartName(name))
    throw broken('Its Chart.yaml has no name that a chart can have.');
  if (typeof version !== 'string' || !isChartVersion(version) || !versions.isVersion(version))
    throw broken('Its Chart.yaml has no semantic version.');
  if (path !== `${name}/Chart.yaml`)
    throw broken(`Its folder is not called ${name}, as its Chart.yaml says.`);
  const readme = kept.get(`${name}/README.md`);
  return { name, version, chart, readme: readme === undefined ? null : new TextDecoder().decode(readme) };
}

function chartIn(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const said = tidied(asRecord(parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))));
    return Object.fromEntries(Object.entries(said).filter(([field]) => fields.has(field)));
  } catch (cause) {
    throw broken(
      `Its Chart.yaml cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
}

function broken(why: string, cause?: unknown): Refusal {
  return new Refusal(400, `This chart cannot be taken in. ${why}`, { cause });
}
