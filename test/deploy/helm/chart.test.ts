/**
 * The Helm chart: rendered with Go's templates and sprig (Debian: golang-go, golang-github-masterminds-sprig-dev,
 * golang-github-ghodss-yaml-dev), and checked for what a cluster would trip over.
 */
import { beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { available } from '../../support/needs.ts';
import { temporary } from '../../support/temporary.ts';
import { ran } from '../ran.ts';

const chart = join(import.meta.dir, '../../../deploy/helm/meridian');
const goLibraries = '/usr/share/gocode';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // biome-ignore lint/suspicious/noExplicitAny: any kind of Kubernetes object
  readonly spec: any;
  readonly data: Readonly<Record<string, string>>;
}

const problem = !Bun.which('go')
  ? 'go is not installed'
  : existsSync(join(goLibraries, 'src/github.com/Masterminds/sprig'))
    ? null
    : 'the Go library sprig is not installed';

describe.skipIf(!available('what Helm renders with', problem))('the chart', () => {
  const folder = temporary('chart');
  const render = join(folder.path, 'render');

  beforeAll(() =>
    ran(['go', 'build', '-o', render, 'render.go'], {
      cwd: import.meta.dir,
      env: { GO111MODULE: 'off', GOPATH: goLibraries, GOCACHE: join(folder.path, 'cache'), GOFLAGS: '' },
    }),
  );

  async function rendered(values: object): Promise<Manifest[]> {
    const file = join(folder.path, `${crypto.randomUUID()}.json`);
    writeFileSync(file, JSON.stringify(values));
    const { stdout } = await ran([render, chart, file]);
    return (Bun.YAML.parse(stdout) as (Manifest | null)[]).filter((manifest) => manifest !== null);
  }

  const config = "import { defineNetwork } from 'meridian';\n\nexport default defineNetwork({});\n";

  test('makes a service and a stateful set of each node, and one config', async () => {
    const manifests = await rendered({ config, nodes: { 'pop-eu': {}, origin: null } });
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
      'ConfigMap acme-config',
      'Service acme-origin',
      'Service acme-pop-eu',
      'StatefulSet acme-origin',
      'StatefulSet acme-pop-eu',
    ]);
    const [map] = manifests.filter(({ kind }) => kind === 'ConfigMap');
    expect(map?.data['meridian.config.ts']?.trim()).toBe(config.trim());
  });

  test('runs the node of that name, on the ports that its service names', async () => {
    const nodes = { 'pop-eu': { ports: [{ name: 'https', port: 443, targetPort: 8443 }] } };
    const manifests = await rendered({ config, nodes });
    const [container] = find(manifests, 'StatefulSet').spec.template.spec.containers;
    expect(container.args.slice(0, 3)).toEqual(['serve', '--as', 'pop-eu']);
    expect(container.ports).toEqual([{ name: 'https', containerPort: 8443 }]);
    expect(container.readinessProbe.tcpSocket.port).toBe('https');
    expect(find(manifests, 'Service').spec.ports).toEqual([
      { name: 'https', port: 443, targetPort: 'https' },
    ]);
  });

  test('finds its pods by the labels that they have, and keeps what they store', async () => {
    const nodes = { origin: { storage: { size: '2Ti', storageClassName: 'fast' } } };
    const manifests = await rendered({ config, nodes });
    const { spec } = find(manifests, 'StatefulSet');
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.template.metadata.labels).toMatchObject(find(manifests, 'Service').spec.selector);
    expect(spec.volumeClaimTemplates[0].spec).toMatchObject({
      storageClassName: 'fast',
      resources: { requests: { storage: '2Ti' } },
    });
    const mounts = spec.template.spec.containers[0].volumeMounts.map(({ name }: { name: string }) => name);
    const volumes = [...spec.template.spec.volumes, { name: spec.volumeClaimTemplates[0].metadata.name }];
    expect(volumes.map(({ name }: { name: string }) => name).sort()).toEqual(mounts.sort());
  });

  test('takes secrets by name', async () => {
    const nodes = { 'pop-eu': {} };
    const manifests = await rendered({ config, nodes, environmentSecret: 'env', tlsSecret: 'web' });
    const { template } = find(manifests, 'StatefulSet').spec;
    expect(template.spec.containers[0].envFrom).toEqual([{ secretRef: { name: 'env' } }]);
    expect(template.spec.volumes).toContainEqual({ name: 'tls', secret: { secretName: 'web' } });
  });

  test('says what is missing without a config', async () => {
    expect(rendered({ nodes: { 'pop-eu': {} } })).rejects.toThrow('config: the text of meridian.config.ts');
  });
});

function find(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} was rendered`);
  return found;
}
