/**
 * What went wrong with an upstream, in the terms of the table of errors. Bun's fetch tells by a `code`: those of
 * the system and of TLS, and names of its own for what its parser does not take.
 */
import { type ErrorCode, MeridianError } from '../../errors.ts';

/** How far an answer had come. */
export type Stage = 'head' | 'body';

/** What `request` fails with. What is not the upstream's fault stays what it is: an argument that is none, say. */
export function failureOf(thrown: unknown, stage: Stage): unknown {
  if (thrown instanceof MeridianError || !(thrown instanceof Error)) return thrown;
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  if (code.startsWith('ERR_INVALID_')) return thrown;
  const [as, detail] = described(thrown, code, stage);
  return new MeridianError(as, detail, { cause: thrown });
}

function described(thrown: Error, code: string, stage: Stage): [ErrorCode, string] {
  if (thrown.name === 'TimeoutError' || code === 'ETIMEDOUT') {
    return ['upstream-timeout', 'the upstream did not answer in time'];
  }
  if (malformed.has(code)) return ['upstream-invalid', `the upstream's answer is not HTTP (${code})`];
  if (stage === 'body') return ['upstream-truncated', 'the upstream closed the connection within its answer'];
  return ['upstream-unreachable', reasons[code] ?? `the upstream cannot be reached (${code || thrown.name})`];
}

/** Bun's names for what is not an HTTP response that it can read, and ours to understand. */
const malformed: ReadonlySet<string> = new Set([
  'Malformed_HTTP_Response',
  'InvalidHTTPResponse',
  'InvalidContentLength',
  'UnrequestedUpgrade',
  'ResponseHeadersTooLarge',
]);

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the upstream refuses connections',
  ECONNRESET: 'the upstream closed the connection before it answered',
  ENOTFOUND: 'the upstream’s name does not exist',
  EAI_AGAIN: 'the upstream’s name cannot be looked up at the moment',
  EHOSTUNREACH: 'there is no way to the upstream’s host',
  ENETUNREACH: 'there is no way to the upstream’s network',
  ENOENT: 'the upstream’s socket does not exist',
  EPROTO: 'the upstream ended TLS, perhaps because it wants a certificate from this node (`tls.cert`)',
  ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED: 'the upstream wants a certificate from this node (`tls.cert`)',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the upstream wants a certificate from this node (`tls.cert`)',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the upstream’s certificate is not signed by a known authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the upstream’s certificate is not signed by a known authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the upstream’s certificate is not signed by a known authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the upstream’s certificate is not signed by a known authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the upstream’s certificate is not signed by a known authority',
  CERT_HAS_EXPIRED: 'the upstream’s certificate has expired',
  CERT_NOT_YET_VALID: 'the upstream’s certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the upstream’s certificate is for another name',
};
