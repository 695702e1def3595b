/** What a bucket refuses, by the code that its answer holds: whether to ask again, and what it means in our terms. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { parseHttpDate } from '../../../http/date.ts';
import { shortText } from './short-text.ts';
import { textOf } from './xml.ts';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** `SlowDown`, `AccessDenied`, …: of the XML in the answer. One to HEAD has none. */
  readonly code: string | undefined;
  /** How far this machine's clock is ahead of the bucket's, if that says the time. */
  readonly aheadMs: number | undefined;

  constructor(status: number, code: string | undefined, message: string, aheadMs?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.aheadMs = aheadMs;
  }
}

/** @param nowMs the wall clock of this machine. */
export async function refusalIn({ status, headers, body }: Answer, nowMs: number): Promise<Refusal> {
  const xml = await shortText(body).catch(() => ''); // the status says enough
  const said = textOf(xml, 'Message') ?? `HTTP ${status}`;
  const theirsMs = parseHttpDate(headers.get('date') ?? '');
  return new Refusal(
    status,
    textOf(xml, 'Code'),
    said,
    theirsMs === undefined ? undefined : nowMs - theirsMs,
  );
}

/** An answer with a good status may turn out to be an error: that to the completion of an upload does. */
export function refusalInside(xml: string): Refusal | undefined {
  if (!/<Error[\s>]/.test(xml)) return undefined;
  return new Refusal(200, textOf(xml, 'Code'), textOf(xml, 'Message') ?? 'no message');
}

/** What arrived there was not what had been sent. Once may be chance. */
const damaged: ReadonlySet<string> = new Set([
  'BadDigest',
  'InvalidDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
]);
/** Worth waiting for. */
const passing: ReadonlySet<string> = new Set([
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'ThrottlingException',
  'TooManyRequests',
]);
const passingStatus: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
const unanswered: ReadonlySet<string> = new Set([
  'upstream-unreachable',
  'upstream-timeout',
  'upstream-truncated',
  'upstream-invalid',
]);

/** How often to ask again after this. */
export function retriesAfter(error: unknown): number {
  if (error instanceof MeridianError) return unanswered.has(error.code) ? 3 : 0;
  if (!(error instanceof Refusal)) return 0;
  if (error.code !== undefined && damaged.has(error.code)) return 1;
  return passingStatus.has(error.status) || passing.has(error.code ?? '') ? 3 : 0;
}

export function codeOf(error: unknown): string | undefined {
  return refusalBehind(error)?.code;
}

export function isNotThere(error: unknown): boolean {
  const refusal = refusalBehind(error);
  return refusal?.status === 404 && (refusal.code === undefined || refusal.code === 'NoSuchKey');
}

/** What lies beneath an error of the store. */
export function refusalBehind(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  return error instanceof MeridianError && error.cause instanceof Refusal ? error.cause : undefined;
}

/** The bucket's failures in our terms; everything else, such as a source's, as it is. */
export function storeFailure(error: unknown): unknown {
  if (error instanceof MeridianError && unanswered.has(error.code)) {
    return new MeridianError('store-unavailable', `the bucket: ${error.detail}`, { cause: error });
  }
  if (!(error instanceof Refusal)) return error;
  const { status, code } = error;
  const says = `the bucket says ${code ?? `HTTP ${status}`}`;
  const advice = code === 'RequestTimeTooSkewed' ? clockAdvice(error.aheadMs) : advices[code ?? ''];
  const detail = advice === undefined ? says : `${says}: ${advice}`;
  const isFull = status === 507 || code === 'QuotaExceeded';
  return new MeridianError(isFull ? 'store-full' : 'store-unavailable', detail, { cause: error });
}

const advices: Readonly<Record<string, string>> = {
  AccessDenied: 'the access key lacks a right that it needs, or the encryption key may not be used',
  AuthorizationHeaderMalformed: '`region` is not that of the bucket',
  BadDigest: 'what arrived there differs from what was sent, twice; look at what lies between',
  XAmzContentSHA256Mismatch:
    'what arrived there differs from what was sent, twice; look at what lies between',
  InvalidAccessKeyId: 'it does not know `accessKeyId`',
  'KMS.DisabledException': 'the key of `kmsKeyId` is disabled',
  'KMS.NotFoundException': 'there is no key like `kmsKeyId`',
  NoSuchBucket: 'there is no bucket of this name; make it, or see `bucket` and `endpoint`',
  NotImplemented: 'it does not know a field of the request; perhaps `checksums` or `encryption`',
  PermanentRedirect: 'it is elsewhere; see `endpoint` and `region`',
  SignatureDoesNotMatch: '`secretAccessKey` is not the one of `accessKeyId`, or a proxy changes requests',
};

function clockAdvice(aheadMs: number | undefined): string {
  const seconds = Math.round(Math.abs(aheadMs ?? 0) / 1000);
  const by = seconds === 0 ? '' : ` by ${seconds} s (${(aheadMs ?? 0) > 0 ? 'ahead' : 'behind'})`;
  return `this machine's clock differs from the bucket's${by}; have it set by a time server (NTP)`;
}
