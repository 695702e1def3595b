import { describe, expect, test } from 'bun:test';
import { env as variable, web } from './define.ts';
import { forNode } from './for-node.ts';
import { parseNetwork } from './network.ts';
import { redact } from './redact.ts';
import type { Environment } from './variables.ts';

function parse(telemetry: unknown, env: Environment = {}, ofPop?: unknown) {
  return parseNetwork(
    {
      secret: 'a secret that is long enough for this',
      ...(telemetry !== undefined && { telemetry }),
      nodes: {
        origin: { role: 'origin', listen: [{ port: 1 }] },
        pop: {
          role: 'pop',
          listen: [{ port: 2 }],
          parents: ['origin'],
          ...(ofPop ? { telemetry: ofPop } : {}),
        },
      },
      routes: [web({ upstream: 'http://a.example' })],
    },
    { configDir: '/w', env, overrides: {} },
  );
}

function parsed(...given: Parameters<typeof parse>) {
  const found = parse(...given);
  if (!found.ok) throw new Error(JSON.stringify(found.mistakes));
  return found.network;
}

const otlpOf = (...given: Parameters<typeof parse>) => parsed(...given).nodes.pop?.telemetry.otlp;

describe('telemetry', () => {
  test('goes nowhere unless somebody says so', () => {
    expect(otlpOf(undefined)).toBe(false);
    expect(otlpOf({ otlp: false }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c.example:4318' })).toBe(false);
    expect(otlpOf({ otlp: {} }, { OTEL_SDK_DISABLED: 'true' })).toBe(false);
  });

  test('goes where the standard variables say', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.example/otlp/',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20abc,x-tenant = acme,broken,=none,bad=%zz',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging,service.name=edge',
    };
    expect(otlpOf(undefined, env)).toEqual({
      endpoint: 'https://c.example/otlp',
      headers: { authorization: 'Bearer abc', 'x-tenant': 'acme' },
      ...{ metricsEveryS: 60, timeoutMs: 10_000, queueSpans: 8192 },
      serviceName: 'edge',
      resource: { 'deployment.environment.name': 'staging' },
    });
    expect(otlpOf({ otlp: {} }, { OTEL_SERVICE_NAME: 'cdn' })).toMatchObject({
      ...{ endpoint: 'http://localhost:4318', serviceName: 'cdn' },
    });
  });

  test('follows the config before the variables, and a node’s own before the network’s', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c.example', OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2' };
    const ofNetwork = {
      otlp: { endpoint: 'http://d.example:1/', headers: { b: '3' }, metricsEveryS: '10s' },
    };
    expect(otlpOf(ofNetwork, env)).toMatchObject({
      ...{ endpoint: 'http://d.example:1', headers: { a: '1', b: '3' }, metricsEveryS: 10 },
    });
    expect(otlpOf(ofNetwork, {}, { otlp: false })).toBe(false);
    const { nodes } = parsed({ traces: { oneIn: 7 } }, {}, { traces: { slowMs: { remote: '2s' } } });
    expect(nodes.origin?.telemetry.traces.oneIn).toBe(7);
    expect(nodes.pop?.telemetry.traces).toMatchObject({ oneIn: 1000, slowMs: { remote: 2000, memory: 50 } });
  });

  test('is told what is wrong', () => {
    const mistakes = (...given: Parameters<typeof parse>) => {
      const found = parse(...given);
      return found.ok ? [] : found.mistakes.map(({ path, found: what }) => [path, what]);
    };
    expect(mistakes(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'c.example:4318' })).toEqual([
      ['telemetry.otlp.endpoint', 'c.example:4318'],
    ]);
    expect(mistakes({ otlp: { endpoint: 'grpc://c' }, traces: { oneIn: -1 } })).toHaveLength(2);
    expect(mistakes({ otlp: { headers: { Upper: 'x' } } })).toHaveLength(1);
  });

  test('shows nobody what it tells the collector, and no node another one’s collector', () => {
    const ofPop = { otlp: { headers: { authorization: `Bearer ${variable('TOKEN')}` } } };
    const network = parsed(undefined, { TOKEN: 'hunter2' }, ofPop);
    expect(JSON.stringify(redact(network))).not.toContain('hunter2');
    expect(JSON.stringify(forNode(network, 'pop'))).toContain('hunter2');
    expect(JSON.stringify(forNode(network, 'origin'))).not.toContain('hunter2');
  });
});
