/**
 * A node's telemetry, made of what the config says and of the variables that OpenTelemetry has for that
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/, https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/):
 * the config goes first.
 */

import { httpUrl } from './forms.ts';
import type { Frozen } from './frozen.ts';
import type { Mistake } from './mistake.ts';
import { otlpGroup, type ParsedNodeTelemetry, type ParsedTelemetry } from './schema-telemetry.ts';
import type { Environment } from './variables.ts';

export interface TelemetryConfig {
  readonly otlp: OtlpConfig | false;
  readonly traces: Frozen<ParsedTelemetry['traces']>;
}

export interface OtlpConfig {
  /** Absolute, without a trailing slash. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly metricsEveryS: number;
  readonly timeoutMs: number;
  readonly queueSpans: number;
  readonly serviceName: string;
  /** Of the resource, besides Meridian's own. */
  readonly resource: Readonly<Record<string, string>>;
}

export interface AccessLogConfig {
  readonly format: 'json' | 'combined' | 'text' | 'off';
  /** Absolute path, or `stdout`. */
  readonly path: string;
  /** 0 to 100. */
  readonly samplePercent: number;
  readonly slowMs: number;
  readonly addresses: 'whole' | 'network' | 'none';
  readonly query: 'whole' | 'names' | 'none';
  /** In lower case. */
  readonly hide: readonly string[];
  readonly hideRestricted: boolean;
}

const standardEndpoint = 'http://localhost:4318';
const endpointName = 'OTEL_EXPORTER_OTLP_ENDPOINT';
/** What an empty `otlp` means. */
const unsaid = otlpGroup.parse({});

export function completeTelemetry(
  network: ParsedTelemetry,
  node: ParsedNodeTelemetry | undefined,
  env: Environment,
): TelemetryConfig {
  const otlp = node?.otlp ?? network.otlp;
  return { otlp: completeOtlp(otlp, env), traces: node?.traces ?? network.traces };
}

function completeOtlp(said: ParsedTelemetry['otlp'], env: Environment): OtlpConfig | false {
  const given = env[endpointName];
  if (said === false || env.OTEL_SDK_DISABLED === 'true') return false;
  // Whoever has set the variable wants to be told.
  if (said === undefined && (given ?? '') === '') return false;
  const { endpoint, headers, ...times } = said ?? unsaid;
  const resource = listIn(env.OTEL_RESOURCE_ATTRIBUTES);
  const { 'service.name': named, ...others } = resource;
  return {
    ...times,
    endpoint: endpoint ?? httpUrl(given ?? '') ?? standardEndpoint,
    headers: { ...listIn(env.OTEL_EXPORTER_OTLP_HEADERS, true), ...headers },
    serviceName: env.OTEL_SERVICE_NAME || named || 'meridian',
    resource: others,
  };
}

/** `a=b,c=d`, percent-encoded, as in the W3C's Baggage. What is not of that form is left out. */
function listIn(text: string | undefined, lowerCase = false): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    const value = decoded(pair.slice(at + 1).trim());
    return at < 1 || name === '' || value === null ? [] : [[lowerCase ? name.toLowerCase() : name, value]];
  });
  return Object.fromEntries(pairs);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // A per cent sign that stands for nothing.
  }
}

export function checkTelemetryVariables(env: Environment): Mistake[] {
  const given = env[endpointName] ?? '';
  if (given === '' || httpUrl(given) !== undefined) return [];
  return [
    {
      path: 'telemetry.otlp.endpoint',
      expected: `an absolute http or https URL in ${endpointName}`,
      found: given,
    },
  ];
}
